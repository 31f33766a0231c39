// Files in blocking style.
import type { Blocking, Plain, Steps, WaitOptions } from '@greenhouse/scheduler'
import {
  checkCount,
  checkFunction,
  wrongType,
  wrongValue,
  type Inspectable,
} from '@greenhouse/scheduler/kernel'
import { ByteReader } from './byte-reader.ts'
import { writeRequest, type Data } from './core/buffered-output.ts'
import { encodingOf } from './core/buffered-options.ts'
import type { Backend, Whence } from './core/fd-backend.ts'
import type { Mode } from './core/fd-mode.ts'
import { runClosing } from './core/fd-run.ts'
import { POLLABLE, type Pollable } from './core/pollable.ts'

/**
 * A file, made by `open` or `fromFd`.
 *
 * Its operations run one at a time, in the order in which they were called. One whose wait is ended, timed out or aborted has
 * no effect while it stands in line; the call under way cannot be stopped: what it read is there for the next read, what it
 * wrote is written. Terminals, FIFOs and sockets are polled and never hold a thread.
 *
 * Source: greenhouse/io/files.py File
 */
export class File<T extends Buffer | string = Buffer> extends ByteReader<T> {
  /** @internal */
  readonly how: Mode
  /** @internal */
  made: Backend | null = null
  /** @internal */
  readonly make: (owner: Inspectable) => Backend

  /** @internal */
  constructor(
    how: Mode,
    encoding: BufferEncoding | undefined,
    make: (owner: Inspectable) => Backend,
  ) {
    super(encoding)
    this.how = how
    this.make = make
  }

  /** The mode in which it was opened. */
  get mode(): string {
    return this.how.text
  }

  /** The descriptor; -1 once it is closed. */
  get fd(): number {
    return this.backend.fd
  }

  /** Whether it is a terminal. */
  get isTTY(): boolean {
    return this.backend.isTTY
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.backend.closed
  }

  /**
   * Another face of the same file, with the same position and the same buffer, that reads text.
   *
   * @param encoding - 'utf8', say; undefined for bytes.
   * @throws {GH_INVALID_ARGUMENT} for an unknown encoding.
   */
  withEncoding(encoding: BufferEncoding): File<string>
  withEncoding(encoding: undefined): File
  withEncoding(encoding: BufferEncoding | undefined): File<Buffer | string> {
    return new File<Buffer | string>(this.how, encodingOf({ encoding }), () => this.backend)
  }

  /**
   * Writes all of the data. It is with the system when this returns; nothing is kept back.
   *
   * Ended, timed out or aborted before its turn, nothing is written; during it, up to 1 MiB more than was written already. A
   * TimeoutError says how much was, as `bytesWritten`.
   *
   * @param data - A string or bytes.
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws Node's own errors (ENOSPC, EFBIG, EPIPE, …); {GH_UNSUPPORTED} when it is open for reading only; {GH_CLOSED};
   *   {GH_TIMEOUT}; the signal's reason.
   *
   * Source: greenhouse/io/files.py File.write
   */
  write(data: Data, options?: WaitOptions): Blocking<void> {
    return this.send(data, 'File.write', options)
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
    return this.send(lines, 'File.writelines', options)
  }

  /**
   * Waits until all that was asked for before is done.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws as `write`.
   *
   * Source: greenhouse/io/files.py File.flush
   */
  flush(options?: WaitOptions): Blocking<void> {
    return this.send('', 'File.flush', options)
  }

  /**
   * Waits until all that was written is on the disk (fsync).
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws Node's own errors; {GH_UNSUPPORTED} for a terminal, FIFO or socket; {GH_CLOSED}; {GH_TIMEOUT}; the signal's reason.
   */
  sync(options?: WaitOptions): Blocking<void> {
    return this.backend.sync(options)
  }

  /**
   * Goes to a position. What was read ahead is forgotten, so that the next read sees what the file holds by then.
   *
   * @param offset - Bytes, an integer.
   * @param whence - From where it counts: 'start' (0, the default), 'current' (1) or 'end' (2).
   * @param options - `timeoutMs`, `signal`.
   * @returns the new position, from the start.
   * @throws {GH_INVALID_ARGUMENT} for a position before the start; {GH_UNSUPPORTED} when the file has no positions;
   *   {GH_CLOSED}; {GH_TIMEOUT}; the signal's reason.
   *
   * Source: greenhouse/io/files.py File.seek. Differs: 'current' counts from where the reader stands, whatever was read ahead.
   */
  seek(offset: number, whence: Whence = 'start', options?: WaitOptions): Blocking<number> {
    if (!Number.isSafeInteger(offset)) wrongType('offset', 'an integer', offset)
    if (!['start', 'current', 'end', 0, 1, 2].includes(whence))
      wrongValue('whence', "'start', 'current' or 'end'", whence)
    return this.backend.seek(offset, whence, options)
  }

  /**
   * Gives the position at which the next read or write takes place.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns bytes from the start.
   * @throws as `seek`.
   *
   * Source: greenhouse/io/files.py File.tell. Differs: what was read ahead does not count.
   */
  tell(options?: WaitOptions): Blocking<number> {
    return this.backend.tell(options)
  }

  /**
   * Makes the file so long: cuts it off, or fills it up with zeros. The position stays.
   *
   * @param size - Bytes; the current position by default.
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws Node's own errors (EINVAL when it is not open for writing); else as `seek`.
   */
  truncate(size?: number, options?: WaitOptions): Blocking<void> {
    if (size !== undefined) checkCount('size', size, 0)
    return this.backend.truncate(size, options)
  }

  /**
   * Closes the file, once all that was asked for before is done; a terminal, FIFO or socket at once, and who waits for it
   * gets GH_CLOSED. A second call waits too.
   *
   * Ended, timed out or aborted meanwhile, the file is closed all the same.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws Node's own errors; {GH_TIMEOUT}; the signal's reason.
   *
   * Source: greenhouse/io/files.py File.close
   */
  close(options?: WaitOptions): Blocking<void> {
    return this.backend.close(options)
  }

  /**
   * Runs a function with the file, in the current greenlet, and closes the file when it has finished, however it does.
   *
   * @param fn - Gets the file; async, generator or plain.
   * @returns what `fn` gives.
   * @throws what `fn` throws; what `close` throws.
   * @example
   * ```ts
   * import { open } from '@greenhouse/io'
   *
   * const file = await open('package.json', 'r', { encoding: 'utf8' })
   * const first = await file.run(async () => file.readline())
   * console.log(first.trimEnd(), file.closed) // => { true
   * ```
   */
  run<R>(fn: (file: this) => Steps<R>): Blocking<R>
  run<R>(fn: (file: this) => PromiseLike<R>): Blocking<R>
  run<R extends Plain>(fn: (file: this) => R): Blocking<R>
  run(fn: unknown): Blocking<unknown> {
    checkFunction('fn', fn)
    return runClosing(this, fn as (file: this) => unknown)
  }

  /** Closes the file. */
  [Symbol.asyncDispose](): Blocking<void> {
    return this.close()
  }

  /** How things stand: bytes read ahead, and how many wait. */
  statistics(): { readonly bytes: number; readonly waiting: number; readonly closed: boolean } {
    return this.backend.statistics()
  }

  /** @internal */
  get backend(): Backend {
    return (this.made ??= this.make(this))
  }

  /** @internal */
  override get input(): Backend {
    return this.backend
  }

  /** @internal */
  get kind(): string {
    return 'File'
  }

  /** @internal */
  get lineKind(): string {
    return 'File.readline'
  }

  /** @internal */
  send(
    data: Data | Iterable<Data>,
    kind: string,
    options: WaitOptions | undefined,
  ): Blocking<void> {
    return this.backend.write(writeRequest(kind, data, this.encoding), options)
  }
}

// Outside the class, so that the symbol is no part of its typings.
Object.defineProperty(File.prototype, POLLABLE, {
  get(this: File<Buffer | string>): Pollable {
    return this.backend
  },
})
