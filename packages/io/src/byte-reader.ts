// How bytes are read, be they of a file, a pipe or a child's output.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { checkCount, refuse } from '@greenhouse/scheduler/kernel'
import type { Taken } from './core/buffered-bytes.ts'
import type { Input } from './core/buffered-input.ts'
import { checkTarget } from './core/buffered-options.ts'
import {
  NextLine,
  ReadInto,
  ReadLine,
  ReadLines,
  ReadSize,
  ReadSome,
} from './core/buffered-requests.ts'

/**
 * What `File` and `PipeReader` have in common: reading, by size and by line.
 *
 * Reads are served in order of arrival. One that is ended, timed out or aborted takes nothing with it: the bytes are there
 * for the next read. With an encoding, all sizes still count bytes, and a character is never cut in two.
 */
export abstract class ByteReader<T extends Buffer | string = Buffer> {
  /** @internal */
  abstract readonly input: Input
  /** The text encoding; undefined where Buffers are read. */
  readonly encoding: BufferEncoding | undefined

  /** @internal */
  constructor(encoding: BufferEncoding | undefined) {
    this.encoding = encoding
  }

  /**
   * Reads so many bytes, waiting until they are there; fewer only at the end.
   *
   * @param size - Bytes, at least 0; Infinity by default: everything up to the end.
   * @param options - `timeoutMs`, `signal`.
   * @returns the bytes; an empty Buffer (or string) at the end.
   * @throws {GH_TIMEOUT}; {GH_CLOSED}; Node's own I/O errors; the signal's reason.
   *
   * Source: greenhouse/io/files.py File.read
   */
  read(size: number = Infinity, options?: WaitOptions): Blocking<T> {
    checkCount('size', size, 0)
    return this.input.ask(new ReadSize(`${this.kind}.read`, this.encoding, size), options)
  }

  /**
   * Reads what is there, waiting only while there is nothing.
   *
   * @param max - Bytes at most, at least 1; 65536 by default.
   * @param options - `timeoutMs`, `signal`.
   * @returns 1 to `max` bytes; none at the end.
   * @throws as `read`.
   */
  readSome(max: number = 65536, options?: WaitOptions): Blocking<T> {
    checkCount('max', max, 1)
    return this.input.ask(new ReadSome(`${this.kind}.readSome`, this.encoding, max), options)
  }

  /**
   * Fills the caller's own memory, waiting until it is full or the end has come. Nothing is copied into it before that.
   *
   * @param target - A Buffer or Uint8Array.
   * @param options - `timeoutMs`, `signal`.
   * @returns how many bytes were read; fewer than fit only at the end.
   * @throws as `read`.
   */
  readInto(target: Uint8Array, options?: WaitOptions): Blocking<number> {
    checkTarget(target)
    return this.input.ask(new ReadInto(`${this.kind}.readInto`, target), options)
  }

  /**
   * Reads a line, its newline included.
   *
   * @param maxBytes - Stops after so many bytes, at least 1; Infinity by default. The next read gives the rest of the line.
   * @param options - `timeoutMs`, `signal`.
   * @returns the line; the last one has no newline where the file has none; empty at the end.
   * @throws as `read`.
   *
   * Source: greenhouse/io/files.py File.readline
   */
  readline(maxBytes: number = Infinity, options?: WaitOptions): Blocking<T> {
    if (maxBytes !== Infinity) checkCount('maxBytes', maxBytes, 1)
    return this.input.ask(new ReadLine(this.lineKind, this.encoding, maxBytes), options)
  }

  /**
   * Reads all lines that are left.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns the lines, with their newlines.
   * @throws as `read`.
   *
   * Source: greenhouse/io/files.py File.readlines
   */
  readlines(options?: WaitOptions): Blocking<T[]> {
    return this.input.ask(new ReadLines(`${this.kind}.readlines`, this.encoding), options)
  }

  /**
   * Reads the next line as an iterator gives it: the step of a loop in a generator greenlet. Async code has `for await`.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns `{ done: false, value: line }`, or `{ done: true }` at the end.
   * @throws as `read`.
   *
   * Source: greenhouse/io/files.py File.next
   */
  next(options?: WaitOptions): Blocking<IteratorResult<T, undefined>> {
    return this.input.ask(new NextLine(this.lineKind, this.encoding), options)
  }

  /** Reads line by line up to the end. Leaving the loop takes no line with it, and closes nothing. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return new Lines(this)
  }

  /** @internal What the dump calls it. */
  abstract readonly kind: string

  /** @internal */
  abstract readonly lineKind: string
}

/** How often a loop goes the long way, on which it can be made to wait its turn. */
const LONG_WAY = 64

/** Lines that are there already come as plain promises: `await` takes those without a detour. */
class Lines<T extends Buffer | string> implements AsyncIterableIterator<T, undefined> {
  readonly reader: ByteReader<T>
  readonly place: Taken = { chunk: Buffer.alloc(0), start: 0, end: 0 }
  steps = 0

  constructor(reader: ByteReader<T>) {
    this.reader = reader
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const { reader } = this
    if (++this.steps % LONG_WAY === 0) return reader.next()
    const refused = refuse()
    if (refused !== null) return refused
    const bytes = reader.input.ready
    const count = bytes === null ? -1 : bytes.lineLength(Infinity, reader.encoding)
    if (count < 0) return reader.next()
    bytes!.take(count, this.place)
    const value = bytes!.pieceOf(this.place, reader.encoding) as T
    reader.input.drained()
    return Promise.resolve({ done: false, value })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
