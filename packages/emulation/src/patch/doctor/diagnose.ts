// `greenhouse doctor`: what of a program the patches would not reach, and why.
import { resolve, sep } from 'node:path'
import { checkOptions, wrongType } from '@greenhouse/scheduler/kernel'
import { namedPatch, patchNames } from '../registry.ts'
import { findingsIn, type Finding, type IsPatched } from './findings.ts'
import { sourceFiles, type SourceFile, type Unread } from './source-files.ts'

/** What `diagnose` found. */
export interface Diagnosis {
  /** How many files were read. */
  readonly files: number
  readonly findings: readonly Finding[]
  /** Files that could not be read, and why: native code, TypeScript, a syntax error. */
  readonly unread: readonly Unread[]
}

export interface DiagnoseOptions {
  /** Whether `patch()` comes before the program loads, as under `greenhouse run`: then nothing is captured. */
  readonly patchedFirst?: boolean | undefined
}

/**
 * Reads a program and what it loads, without running it, and says what `patch()` would not reach: functions that a file
 * takes out of their modules as it loads, sockets of one's own, clients that need an adapter, promises that are kept for
 * several callers.
 *
 * It follows imports and `require` by literal names. What is computed it does not see.
 *
 * @param file - The main module.
 * @param options - `patchedFirst`.
 * @returns the findings, with file, line and column.
 * @throws {GH_INVALID_ARGUMENT}
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { diagnose } from '@greenhouse/emulation'
 *
 * const file = join(tmpdir(), 'greenhouse-doctor-example.cjs')
 * writeFileSync(file, "const { readFile } = require('node:fs/promises')")
 * const [finding] = diagnose(file).findings
 * console.log(finding?.kind, finding?.line) // => captured 1
 * ```
 */
export function diagnose(file: string, options?: DiagnoseOptions): Diagnosis {
  if (typeof file !== 'string') wrongType('file', 'the path of a module', file)
  checkOptions('options', options)
  const { files, unread } = sourceFiles(resolve(file))
  const isPatched = patchedKeys()
  const clients = new Set<string>()
  const findings = files.flatMap((one) => {
    const name = packageOf(one.path)
    const adapter = name === null ? undefined : ADAPTERS[name]
    if (adapter === undefined) return findingsIn(one, isPatched)
    if (clients.has(name!)) return []
    clients.add(name!)
    return [needsAdapter(one, name!, adapter)]
  })
  return {
    files: files.length,
    findings:
      options?.patchedFirst === true
        ? findings.filter(({ kind }) => kind !== 'captured')
        : findings,
    unread,
  }
}

/** The diagnosis as text: a finding a line, with its place. */
export function formatDiagnosis({ files, findings, unread }: Diagnosis): string {
  return [
    ...findings.map(
      ({ file, line, column, kind, message }) => `${file}:${line}:${column} ${kind}: ${message}`,
    ),
    ...unread.map(({ path, why }) => `${path} not read: ${why}`),
    `${files} files read, ${findings.length} findings`,
  ].join('\n')
}

const ADAPTERS: Readonly<Record<string, string>> = {
  pg: 'pg',
  'pg-pool': 'pg',
  mysql2: 'mysql2',
  ioredis: 'ioredis',
  redis: 'redis',
  '@redis/client': 'redis',
  amqplib: 'amqplib',
  nats: 'nats',
  undici: 'undici',
}

function needsAdapter({ path }: SourceFile, name: string, adapter: string): Finding {
  const message = `${name} is reached through its adapter, @greenhouse/emulation/ext/${adapter}`
  return { kind: 'adapter', file: path, line: 1, column: 1, message }
}

function packageOf(path: string): string | null {
  const [, inside] = /.*[\\/]node_modules[\\/](.*)$/.exec(path) ?? []
  if (inside === undefined) return null
  const [first, second] = inside.split(sep)
  return first!.startsWith('@') ? `${first}/${second}` : first!
}

/** Requests and children are reached wherever their calls come from. */
const REACHED_ANYWHERE: readonly string[] = ['http', 'https', 'child_process']

function patchedKeys(): IsPatched {
  const keys = new Set<string>()
  for (const name of patchNames()) {
    if (REACHED_ANYWHERE.includes(name)) continue
    const patch = namedPatch(name)
    const module = name === 'fetch' ? 'globalThis' : name
    for (const { key } of patch.definition.replacements(patch)) keys.add(`${module} ${String(key)}`)
  }
  return (module, key) => keys.has(`${module} ${key}`)
}
