// Reads the arguments of the blocking calls as the originals do. What they would refuse is thrown, so that the original is
// asked for the right words.
import { constants } from 'node:os'

/** One child to be run. */
export interface Asked {
  /** For `spawn`. */
  readonly file: string
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  /** What really runs, as errors tell it: a shell, perhaps. */
  readonly runs: { readonly file: string; readonly args: readonly string[] }
  /** For "Command failed: …". */
  readonly line: string
  readonly timeoutMs: number
  readonly maxBytes: number
}

/** `(file, args?, options?)`. */
export function readArguments([file, second, third]: readonly unknown[]): Asked {
  if (typeof file !== 'string' || file === '') throw new TypeError('file')
  const hasList = Array.isArray(second)
  if (!hasList && second !== undefined && second !== null && typeof second !== 'object') {
    throw new TypeError('args')
  }
  const args = hasList ? second.map(String) : []
  const given = hasList || second === undefined || second === null ? third : second
  const options = readOptions(given)
  const argv0 = typeof options['argv0'] === 'string' ? options['argv0'] : file
  return asked(file, args, options, [argv0, ...args].join(' '))
}

/** `(command, options?)`. */
export function readCommandLine([command, given]: readonly unknown[]): Asked {
  if (typeof command !== 'string' || command === '') throw new TypeError('command')
  const options = readOptions(given)
  const shell = typeof options['shell'] === 'string' ? options['shell'] : true
  return asked(command, [], { ...options, shell }, command)
}

function readOptions(given: unknown): Record<string, unknown> {
  if (given === undefined || given === null) return {}
  if (typeof given !== 'object') throw new TypeError('options')
  return given as Record<string, unknown>
}

function asked(
  file: string,
  args: readonly string[],
  options: Record<string, unknown>,
  line: string,
): Asked {
  const { shell, timeout, maxBuffer, input, killSignal } = options
  if (timeout !== undefined && timeout !== null) demandNumber(timeout)
  if (timeout && !Number.isInteger(timeout)) throw new RangeError('timeout')
  if (killSignal !== undefined && killSignal !== null) demandSignal(killSignal)
  if (maxBuffer !== undefined && maxBuffer !== null) demandNumber(maxBuffer)
  if (input !== undefined && input !== null && typeof input !== 'string') demandBytes(input)
  const name = typeof shell === 'string' && shell !== '' ? shell : '/bin/sh'
  const runs = shell
    ? { file: name, args: ['-c', [file, ...args].join(' ')] }
    : { file, args: [...args] }
  return {
    file,
    args,
    options,
    runs,
    line,
    timeoutMs: typeof timeout === 'number' ? timeout : 0,
    maxBytes: typeof maxBuffer === 'number' ? maxBuffer : 1024 * 1024,
  }
}

function demandNumber(value: unknown): void {
  if (typeof value !== 'number' || !(value >= 0)) throw new RangeError('number')
}

function demandSignal(value: unknown): void {
  const { signals } = constants
  const known =
    typeof value === 'number' ? Object.values(signals).includes(value) : String(value) in signals
  if (!known) throw new TypeError('killSignal')
}

function demandBytes(value: unknown): void {
  if (!ArrayBuffer.isView(value)) throw new TypeError('input')
}
