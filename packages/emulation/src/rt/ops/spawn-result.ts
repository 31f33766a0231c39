// What `spawnSync` gives, and the errors that `execSync` and `execFileSync` make of it.
import { spawnSync } from 'node:child_process'
import { constants } from 'node:os'

export interface SpawnResult {
  error?: Error
  status: number | null
  signal: string | null
  output: (Buffer | string | null)[] | null
  pid: number
  stdout: Buffer | string | null | undefined
  stderr: Buffer | string | null | undefined
}

/** What was run, as errors tell it. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

/** How a child ended. */
export interface Ending {
  readonly status: number | null
  readonly signal: string | null
  /** The code of what went wrong with it: ENOENT, ETIMEDOUT, … */
  readonly code: string | null
  readonly pid: number
  /** By descriptor; null where there was no pipe to read from. */
  readonly chunks: readonly (Buffer[] | null)[]
}

/** The result as `spawnSync` gives it. */
export function resultOf(command: Command, ending: Ending, encoding: unknown): SpawnResult {
  const { status, signal, code, pid, chunks } = ending
  const output =
    pid === 0 ? null : chunks.map((part) => (part === null ? null : textOf(part, encoding)))
  return {
    ...(code === null ? {} : { error: failure(command, code) }),
    status,
    signal,
    output,
    pid,
    stdout: output === null ? unheard() : (output[1] ?? null),
    stderr: output === null ? unheard() : (output[2] ?? null),
  }
}

/** What `execSync` and `execFileSync` throw; null where all went well. `line` is what they were asked to run. */
export function errorOf(result: SpawnResult, line: string): Error | null {
  if (result.error !== undefined) return Object.assign(result.error, result)
  if (result.status === 0) return null
  const { stderr } = result
  const said = stderr && stderr.length > 0 ? `\n${stderr.toString()}` : ''
  return Object.assign(new Error(`Command failed: ${line}${said}`), result)
}

/** What `stdout` is when there was no child: versions of Node differ. */
function unheard(): null | undefined {
  asked ??= { stdout: spawnSync('/dev/null/nothing').stdout as unknown as null | undefined }
  return asked.stdout
}

let asked: { readonly stdout: null | undefined } | undefined

function failure({ file, args }: Command, code: string): Error {
  const syscall = `spawnSync ${file}`
  const errno = errnoOf(code)
  return Object.assign(new Error(`${syscall} ${code}`), {
    errno,
    code,
    syscall,
    path: file,
    spawnargs: args.slice(),
  })
}

function errnoOf(code: string): number | undefined {
  const number = (constants.errno as Record<string, number>)[code]
  return number === undefined ? undefined : -number
}

function textOf(chunks: Buffer[], encoding: unknown): Buffer | string {
  const bytes = Buffer.concat(chunks)
  return typeof encoding === 'string' && encoding !== 'buffer'
    ? bytes.toString(encoding as BufferEncoding)
    : bytes
}
