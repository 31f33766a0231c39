// The end of a pipe from which bytes are read; also the output of a child, or any readable stream of Node.
import type { Readable } from 'node:stream'
import { wrongType } from '@greenhouse/scheduler/kernel'
import { ByteReader } from './byte-reader.ts'
import type { ArrivingInput } from './core/buffered-input.ts'
import { encodingOf, type EncodingOptions } from './core/buffered-options.ts'
import { StreamInput } from './core/buffered-stream-input.ts'
import { POLLABLE, type Pollable } from './core/pollable.ts'

/**
 * The read end of a pipe. Made by `pipe()`, or of a readable stream by `PipeReader.from`.
 *
 * @example
 * ```ts
 * import { Readable } from 'node:stream'
 * import { PipeReader } from '@greenhouse/io'
 *
 * const reader = PipeReader.from(Readable.from([Buffer.from('one\ntw'), Buffer.from('o\n')]), { encoding: 'utf8' })
 * for await (const line of reader) console.log(line.trimEnd())
 * // => one
 * // => two
 * ```
 *
 * Source: greenhouse/io/files.py pipe
 */
export class PipeReader<T extends Buffer | string = Buffer> extends ByteReader<T> {
  /** @internal */
  declare readonly input: ArrivingInput

  /** @internal */
  constructor(
    makeInput: (owner: PipeReader<T>) => ArrivingInput,
    encoding: BufferEncoding | undefined,
  ) {
    super(encoding)
    this.input = makeInput(this)
  }

  /**
   * Reads in blocking style from one of Node's readable streams. It is paused while nobody waits, and nobody else should read
   * from it.
   *
   * @param readable - A stream of bytes: the stdout of a child, say.
   * @param options - `encoding`.
   * @throws {GH_INVALID_ARGUMENT} when it is none.
   */
  static from(
    readable: Readable,
    options: { readonly encoding: BufferEncoding },
  ): PipeReader<string>
  static from(readable: Readable, options?: { readonly encoding?: undefined }): PipeReader
  static from(readable: Readable, options?: EncodingOptions): PipeReader<Buffer | string>
  static from(readable: Readable, options?: EncodingOptions): PipeReader<Buffer | string> {
    if (typeof readable?.on !== 'function' || typeof readable.read !== 'function')
      wrongType('readable', 'a readable stream of Node', readable)
    const make = (owner: PipeReader<Buffer | string>): ArrivingInput =>
      new StreamInput(readable, 'pipe', owner, { owned: true, idle: false })
    return new PipeReader(make, encodingOf(options))
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.input.closed
  }

  /**
   * Closes this end. Readers that wait, and all later ones, get GH_CLOSED; so do writers of the other end, at once. A stream
   * behind it is destroyed. A second call does nothing.
   */
  close(): void {
    this.input.shut()
  }

  /** Closes this end. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** How things stand. */
  statistics(): { bytes: number; readers: number; closed: boolean } {
    const { bytes, readers, closed } = this.input
    return { bytes: bytes.size, readers: readers.size, closed }
  }

  /** @internal */
  get kind(): string {
    return 'PipeReader'
  }

  /** @internal */
  get lineKind(): string {
    return 'PipeReader.readline'
  }
}

// Outside the class, so that the symbol is no part of its typings.
Object.defineProperty(PipeReader.prototype, POLLABLE, {
  get(this: PipeReader<Buffer | string>): Pollable {
    return this.input
  },
})
