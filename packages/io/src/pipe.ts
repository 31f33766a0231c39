// A pipe between greenlets of this process.
import { checkCount, checkOptions } from '@greenhouse/scheduler/kernel'
import { encodingOf, type EncodingOptions } from './core/buffered-options.ts'
import { MemoryInput, MemoryOutput } from './core/buffered-memory.ts'
import { PipeReader } from './pipe-reader.ts'
import { PipeWriter } from './pipe-writer.ts'

/** How a pipe is made. */
export interface PipeOptions extends EncodingOptions {
  /** How many bytes fit in: an integer of at least 1, or Infinity; 65536 by default. */
  readonly capacityBytes?: number | undefined
}

/**
 * Makes a pipe: what is written to the second end is read from the first. A writer waits while it is full, a reader while it
 * is empty. It lies within the process; no descriptor is opened.
 *
 * @param options - `capacityBytes`, `encoding`.
 * @returns the read end and the write end.
 * @throws {GH_INVALID_ARGUMENT} for a bad option.
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { pipe } from '@greenhouse/io'
 *
 * const [reader, writer] = pipe({ encoding: 'utf8' })
 * schedule(function* () {
 *   yield* writer.writelines(['hello\n', 'world\n'])
 *   yield* writer.close()
 * })
 * for await (const line of reader) console.log(line.trimEnd())
 * // => hello
 * // => world
 * ```
 *
 * Source: greenhouse/io/files.py pipe
 */
export function pipe(
  options: PipeOptions & { readonly encoding: BufferEncoding },
): [PipeReader<string>, PipeWriter]
export function pipe(
  options?: PipeOptions & { readonly encoding?: undefined },
): [PipeReader, PipeWriter]
export function pipe(options?: PipeOptions): [PipeReader<Buffer | string>, PipeWriter]
export function pipe(options?: PipeOptions): [PipeReader<Buffer | string>, PipeWriter] {
  checkOptions('options', options)
  const capacity = options?.capacityBytes ?? 65536
  checkCount('options.capacityBytes', capacity, 1)
  const encoding = encodingOf(options)
  const reader = new PipeReader<Buffer | string>(
    (owner) => new MemoryInput(capacity, owner),
    encoding,
  )
  const writer = new PipeWriter(
    (owner) => new MemoryOutput(reader.input as MemoryInput, owner),
    encoding,
  )
  return [reader, writer]
}
