// The end of a pipe to which bytes are written; also the input of a child, or any writable stream of Node.
import type { Writable } from 'node:stream'
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { wrongType } from '@greenhouse/scheduler/kernel'
import { writeRequest, type Data, type DepartingOutput } from './core/buffered-output.ts'
import { encodingOf, type EncodingOptions } from './core/buffered-options.ts'
import { StreamOutput } from './core/buffered-stream-output.ts'
import { POLLABLE, type Pollable } from './core/pollable.ts'

/**
 * The write end of a pipe. Made by `pipe()`, or of a writable stream by `PipeWriter.from`.
 *
 * Writes are served in order of arrival, each whole: those of several greenlets do not mix.
 *
 * Source: greenhouse/io/files.py pipe
 */
export class PipeWriter {
  /** @internal */
  readonly output: DepartingOutput
  /** The text encoding of strings; UTF-8 by default. */
  readonly encoding: BufferEncoding | undefined

  /** @internal */
  constructor(
    makeOutput: (owner: PipeWriter) => DepartingOutput,
    encoding: BufferEncoding | undefined,
  ) {
    this.encoding = encoding
    this.output = makeOutput(this)
  }

  /**
   * Writes in blocking style to one of Node's writable streams. A write returns when the stream has passed its bytes on.
   *
   * @param writable - A stream of bytes: the stdin of a child, say.
   * @param options - `encoding` of strings.
   * @throws {GH_INVALID_ARGUMENT} when it is none.
   */
  static from(writable: Writable, options?: EncodingOptions): PipeWriter {
    if (typeof writable?.on !== 'function' || typeof writable.write !== 'function')
      wrongType('writable', 'a writable stream of Node', writable)
    return new PipeWriter((owner) => new StreamOutput(writable, 'pipe', owner), encodingOf(options))
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.output.closed
  }

  /**
   * Writes all of the data, waiting while there is no room.
   *
   * Ended, timed out or aborted meanwhile, what has gone in stays in; a TimeoutError says how much, as `bytesWritten`.
   *
   * @param data - A string or bytes.
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws {GH_TIMEOUT}; {GH_CLOSED} when either end is closed; Node's own I/O errors; the signal's reason.
   *
   * Source: greenhouse/io/files.py File.write
   */
  write(data: Data, options?: WaitOptions): Blocking<void> {
    return this.send(data, `PipeWriter.write`, options)
  }

  /**
   * Writes several pieces of data as one; adds no newlines.
   *
   * @param lines - Strings or bytes; the iterable is read at once.
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws as `write`.
   *
   * Source: greenhouse/io/files.py File.writelines
   */
  writelines(lines: Iterable<Data>, options?: WaitOptions): Blocking<void> {
    return this.send(lines, `PipeWriter.writelines`, options)
  }

  /**
   * Waits until all writes before it are over.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws as `write`.
   *
   * Source: greenhouse/io/files.py File.flush
   */
  flush(options?: WaitOptions): Blocking<void> {
    return this.send('', 'PipeWriter.flush', options)
  }

  /**
   * Closes this end: readers of the other one get what is left, then the end. Writers that wait, and all later ones, get
   * GH_CLOSED. A stream behind it is ended, and waited for until it has passed everything on; a second call waits too.
   *
   * Ended, timed out or aborted meanwhile, such a stream is destroyed.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws {GH_TIMEOUT}; Node's own I/O errors; the signal's reason.
   */
  close(options?: WaitOptions): Blocking<void> {
    return this.output.close(options)
  }

  /** Closes this end. */
  [Symbol.asyncDispose](): Blocking<void> {
    return this.close()
  }

  /** How things stand. */
  statistics(): { writers: number; closed: boolean } {
    return { writers: this.output.writers.size, closed: this.output.closed }
  }

  /** @internal */
  send(
    data: Data | Iterable<Data>,
    kind: string,
    options: WaitOptions | undefined,
  ): Blocking<void> {
    return this.output.write(writeRequest(kind, data, this.encoding), options)
  }
}

// Outside the class, so that the symbol is no part of its typings.
Object.defineProperty(PipeWriter.prototype, POLLABLE, {
  get(this: PipeWriter): Pollable {
    return this.output
  },
})
