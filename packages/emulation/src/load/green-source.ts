// One file's text, compiled: from the disk cache where it was compiled before. What cannot be compiled runs as it is, and is
// listed.
import { compilerStamp, userCache, type DiskCache } from '../cache.ts'
import { compileModule, type Compiled, type SourceKind } from '../compile/index.ts'
import type { Stretch } from '../compile/source-map.ts'
import type { FileReport } from '../report.ts'
import { noteScript } from '../stacks/scripts.ts'

/** A text to be run, with the map inside. */
export interface GreenSource {
  readonly code: string
  readonly report: FileReport
  /** The globals that it reads and never assigns; none where it was not compiled. */
  readonly globals: readonly string[]
}

/** How a text is run. */
export interface Use {
  /** What V8 will know it as. */
  readonly script: string
  /** What V8 would call the file. */
  readonly name: string
  /** How many lines will stand before it. */
  readonly above?: number
  /** Where in it the file is, if there is something around. */
  readonly own?: Stretch | undefined
}

/** Compiles a text; gives it back as it is, with the reason, where that is impossible. */
export function greenSource(
  source: string,
  file: string,
  kind: SourceKind,
  { script, name, above = 0, own }: Use = { script: file, name: file },
): GreenSource {
  let compiled: Compiled
  try {
    compiled = cached(source, file, kind, own)
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
  noteScript(script, file, name, { map: lowered, functions })
  const encoded = Buffer.from(JSON.stringify(lowered)).toString('base64')
  return {
    code: `${code}\n//# sourceMappingURL=data:application/json;base64,${encoded}`,
    report: { file, compiled: true, reason: null, functions },
    globals,
  }
}

function cached(source: string, file: string, kind: SourceKind, own?: Stretch): Compiled {
  cache ??= { disk: userCache() }
  const make = () => compileModule(source, { file, kind, ...(own && { own }) })
  const stamp = compilerStamp()
  return cache.disk === null || stamp === null
    ? make()
    : cache.disk.get([stamp, kind, file, String(own), source], make)
}

let cache: { readonly disk: DiskCache | null } | undefined

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
