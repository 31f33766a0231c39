// Reading and writing files as a whole.
import { withTimeout, type Blocking, type Steps, type WaitOptions } from '@greenhouse/scheduler'
import { checkOptions, refuse } from '@greenhouse/scheduler/kernel'
import type { Data } from './core/buffered-output.ts'
import type { EncodingOptions } from './core/buffered-options.ts'
import { open, type OpenOptions } from './open.ts'

/**
 * Reads a whole file.
 *
 * Ended, timed out or aborted meanwhile, the file is closed.
 *
 * @param path - A path, or a `file:` URL.
 * @param options - `encoding`, `timeoutMs`, `signal`.
 * @returns a Buffer; a string where an encoding is given.
 * @throws Node's own errors; {GH_INVALID_ARGUMENT}; {GH_TIMEOUT}; the signal's reason.
 * @example
 * ```ts
 * import { readFile } from '@greenhouse/io'
 *
 * const text = await readFile('package.json', { encoding: 'utf8' })
 * console.log(JSON.parse(text).type) // => module
 * ```
 */
export function readFile(
  path: string | Buffer | URL,
  options: WaitOptions & { readonly encoding: BufferEncoding },
): Blocking<string>
export function readFile(
  path: string | Buffer | URL,
  options?: WaitOptions & { readonly encoding?: undefined },
): Blocking<Buffer>
export function readFile(
  path: string | Buffer | URL,
  options?: WaitOptions & EncodingOptions,
): Blocking<Buffer | string> {
  return whole(options, function* (limits) {
    const file = yield* open(path, 'r', { ...options, ...limits })
    return yield* file.run(function* () {
      return yield* file.read(Infinity, limits)
    })
  })
}

/**
 * Writes a whole file: empties it, or makes it. `writeFileAtomic` never shows others a half of it.
 *
 * Ended, timed out or aborted meanwhile, what has been written stays.
 *
 * @param path - A path, or a `file:` URL.
 * @param data - A string, bytes, or an iterable of such.
 * @param options - `encoding` of strings, `permissions`, `timeoutMs`, `signal`.
 * @returns nothing.
 * @throws Node's own errors; {GH_INVALID_ARGUMENT}; {GH_TIMEOUT}; the signal's reason.
 */
export function writeFile(
  path: string | Buffer | URL,
  data: Data | Iterable<Data>,
  options?: OpenOptions,
): Blocking<void> {
  return whole(options, function* (limits) {
    const file = yield* open(path, 'w', { ...options, ...limits })
    return yield* file.run(function* () {
      yield* file.send(data, 'writeFile', limits)
    })
  })
}

/** Runs several steps as one operation, under one time limit. The steps pass `limits` on. */
export function whole<T>(
  options: WaitOptions | undefined,
  steps: (limits: WaitOptions) => Steps<T>,
): Blocking<T> {
  checkOptions('options', options)
  const { timeoutMs = Infinity, signal } = options ?? {}
  return (
    refuse(options) ??
    withTimeout(timeoutMs, function* () {
      // A time-out of 0 ends the first step before it is made, whatever the machine's speed.
      return yield* steps({ timeoutMs: timeoutMs === 0 ? 0 : undefined, signal })
    })
  )
}
