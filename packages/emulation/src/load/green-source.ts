// One file's text, compiled: from the disk cache where it was compiled before. What cannot be compiled runs as it is, and is
// listed.
import { compilerStamp, userCache, type DiskCache } from '../cache.ts'
import { compileModule, type Compiled, type SourceKind } from '../compile/index.ts'
import type { FileReport } from '../report.ts'

/** A text to be run, with the map inside. */
export interface GreenSource {
  readonly code: string
  readonly report: FileReport
}

/**
 * Compiles a text; gives it back as it is, with the reason, where that is impossible. `above` lines will stand before it, and
 * `ahead` characters of it are not the file's.
 */
export function greenSource(
  source: string,
  file: string,
  kind: SourceKind,
  { above = 0, ahead = 0 }: { readonly above?: number; readonly ahead?: number } = {},
): GreenSource {
  let compiled: Compiled
  try {
    compiled = cached(source, file, kind, ahead)
  } catch (error) {
    // Node says what is wrong, if anything is.
    return {
      code: source,
      report: { file, compiled: false, reason: reasonOf(error), functions: [] },
    }
  }
  const { code, map, functions } = compiled
  const lowered = { ...map, mappings: ';'.repeat(above) + map.mappings }
  const encoded = Buffer.from(JSON.stringify(lowered)).toString('base64')
  return {
    code: `${code}\n//# sourceMappingURL=data:application/json;base64,${encoded}`,
    report: { file, compiled: true, reason: null, functions },
  }
}

function cached(source: string, file: string, kind: SourceKind, ahead: number): Compiled {
  cache ??= { disk: userCache() }
  const make = () => compileModule(source, { file, kind, ahead })
  return cache.disk === null ? make() : cache.disk.get([compilerStamp(), kind, file, source], make)
}

let cache: { readonly disk: DiskCache | null } | undefined

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
