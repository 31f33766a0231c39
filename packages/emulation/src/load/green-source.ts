// One file's text, compiled: from the disk cache where it was compiled before. What cannot be compiled runs as it is, and is
// listed.
import { compilerStamp, userCache, type DiskCache } from '../cache.ts'
import { compileModule, type Compiled, type SourceKind } from '../compile/index.ts'
import type { FileReport } from '../report.ts'

/** A text to be run, with the map inside. */
export interface GreenSource {
  readonly code: string
  readonly report: FileReport
  /** The globals that it reads and never assigns; none where it was not compiled. */
  readonly globals: readonly string[]
}

/** Compiles a text; gives it back as it is, with the reason, where that is impossible. `above` lines will stand before it. */
export function greenSource(
  source: string,
  file: string,
  kind: SourceKind,
  above = 0,
): GreenSource {
  let compiled: Compiled
  try {
    compiled = cached(source, file, kind)
  } catch (error) {
    // Node says what is wrong, if anything is.
    return {
      code: source,
      report: { file, compiled: false, reason: reasonOf(error), functions: [] },
      globals: [],
    }
  }
  const { code, map, functions, globals } = compiled
  const lowered = { ...map, mappings: ';'.repeat(above) + map.mappings }
  const encoded = Buffer.from(JSON.stringify(lowered)).toString('base64')
  return {
    code: `${code}\n//# sourceMappingURL=data:application/json;base64,${encoded}`,
    report: { file, compiled: true, reason: null, functions },
    globals,
  }
}

function cached(source: string, file: string, kind: SourceKind): Compiled {
  cache ??= { disk: userCache() }
  const make = () => compileModule(source, { file, kind })
  return cache.disk === null ? make() : cache.disk.get([compilerStamp(), kind, file, source], make)
}

let cache: { readonly disk: DiskCache | null } | undefined

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
