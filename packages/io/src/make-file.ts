// A socket as a file: lines and whole contents to read, and a buffer to write through. Reading takes from the socket's own
// buffer, so that `recv` and the file can be mixed.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import {
  checkCount,
  checkOptions,
  complete,
  fail,
  refuse,
  wrongType,
  wrongValue,
} from '@greenhouse/scheduler/kernel'
import { LineTaker, NextLineTaker, LinesTaker, ReadTaker } from './make-file-takers.ts'
import { closedError, unsupported } from './socket-errors.ts'
import type { SocketStream } from './socket-stream.ts'

/** The encodings in which a line ends at the byte 10 and no other. */
export type TextEncoding = 'utf8' | 'latin1' | 'ascii'

/** How a socket is made a file. */
export interface MakeFileOptions {
  /** Gives and takes strings in this encoding instead of bytes. */
  readonly encoding?: TextEncoding | undefined
  /** How many bytes are written together at least, at least 0; 8192 by default, 0 writes everything at once. */
  readonly bufferBytes?: number | undefined
}

/**
 * The reader and writer that `Socket.makeFile` gives. Time-outs are the socket's; closing it leaves the socket open.
 *
 * Source: greenhouse/io/sockets.py Socket.makefile
 */
export class SocketFile<T extends string | Buffer = Buffer> {
  /** Whether it reads. */
  readonly readable: boolean
  /** Whether it writes. */
  readonly writable: boolean
  /** @internal */
  readonly socket: SocketStream
  /** @internal */
  readonly encoding: TextEncoding | undefined
  /** @internal */
  readonly bufferBytes: number
  /** @internal */
  written: Uint8Array[] = []
  /** @internal */
  writtenBytes = 0
  /** @internal */
  shut = false

  constructor(socket: SocketStream, mode: string = 'rw', options: MakeFileOptions = {}) {
    if (typeof mode !== 'string' || !/^(?=.)(r?w?|wr)b?$/.test(mode) || mode === 'b') {
      wrongValue('mode', "'r', 'w' or 'rw'", mode)
    }
    checkOptions('options', options)
    const { encoding, bufferBytes = 8192 } = options
    if (encoding !== undefined && !['utf8', 'latin1', 'ascii'].includes(encoding)) {
      wrongValue('options.encoding', "'utf8', 'latin1' or 'ascii'", encoding)
    }
    checkCount('options.bufferBytes', bufferBytes, 0)
    this.socket = socket
    this.readable = mode.includes('r')
    this.writable = mode.includes('w')
    this.encoding = encoding
    this.bufferBytes = bufferBytes
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.shut
  }

  /**
   * Waits for a number of bytes, or the end of the stream, and takes what came until then.
   *
   * Cancelled or timed out, it takes nothing: what has come is there for the next call.
   *
   * @param size - How many bytes, at least 0; everything up to the end by default.
   * @param options - `timeoutMs`, `signal`.
   * @returns them; fewer at the end of the stream.
   * @throws as `Socket.recv`; {GH_UNSUPPORTED} when it does not read.
   */
  read(size: number = Infinity, options?: WaitOptions): Blocking<T> {
    checkCount('size', size, 0)
    return (
      this.unreadable() ?? this.socket.take('recv', new ReadTaker(size, this.encoding), options)
    )
  }

  /**
   * Waits for a whole line and takes it, with its newline.
   *
   * Cancelled or timed out, it takes nothing.
   *
   * @param maxBytes - The most to take of it, at least 1; no limit by default. The next call gives the rest.
   * @param options - `timeoutMs`, `signal`.
   * @returns the line; the last has no newline; empty at the end of the stream.
   * @throws as `read`.
   */
  readline(maxBytes: number = Infinity, options?: WaitOptions): Blocking<T> {
    checkCount('maxBytes', maxBytes, 1)
    return (
      this.unreadable() ?? this.socket.take('recv', new LineTaker(maxBytes, this.encoding), options)
    )
  }

  /** Waits for the end of the stream and takes all lines until there; otherwise as `readline`. */
  readlines(options?: WaitOptions): Blocking<T[]> {
    return this.unreadable() ?? this.socket.take('recv', new LinesTaker(this.encoding), options)
  }

  /**
   * Waits for a line as iteration does: the step of a loop in a generator greenlet. Async code has `for await`.
   *
   * @returns `{ done: false, value: line }`, or `{ done: true }` at the end of the stream.
   * @throws as `read`.
   */
  next(options?: WaitOptions): Blocking<IteratorResult<T, undefined>> {
    return this.unreadable() ?? this.socket.take('recv', new NextLineTaker(this.encoding), options)
  }

  /** The lines, until the end of the stream. Leaving the loop leaves the rest unread. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return { next: () => this.next(), [Symbol.asyncIterator]: () => this[Symbol.asyncIterator]() }
  }

  /**
   * Writes into the buffer, and sends it when it is full.
   *
   * Cancelled or timed out while sending, what was in the buffer is as after a cancelled `Socket.sendAll`.
   *
   * @param data - Bytes, or a string where an encoding was named.
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws as `Socket.sendAll`; {GH_UNSUPPORTED} when it does not write.
   */
  write(data: T | Uint8Array, options?: WaitOptions): Blocking<void> {
    const bytes = this.bytesOf(data)
    const refused = refuse(options)
    if (refused !== null) return refused
    const unwritable = this.unwritable()
    if (unwritable !== null) return unwritable
    this.written.push(bytes)
    this.writtenBytes += bytes.length
    return this.writtenBytes >= this.bufferBytes ? this.flush(options) : complete(undefined)
  }

  /** Writes several pieces, with nothing between; as `write`. */
  writelines(pieces: Iterable<T | Uint8Array>, options?: WaitOptions): Blocking<void> {
    const all = Array.from(pieces, (piece) => this.bytesOf(piece))
    return this.write(Buffer.concat(all), options)
  }

  /** Sends what is in the buffer; as `write`. */
  flush(options?: WaitOptions): Blocking<void> {
    const unwritable = this.unwritable()
    if (unwritable !== null) return unwritable
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.writtenBytes === 0) return complete(undefined)
    const { written } = this
    this.written = []
    this.writtenBytes = 0
    return this.socket.sendAll(written.length === 1 ? written[0]! : Buffer.concat(written), options)
  }

  /** Sends what is in the buffer, and closes the file; the socket stays open. A second call does nothing. */
  close(options?: WaitOptions): Blocking<void> {
    const refused = refuse(options)
    if (refused !== null) return refused
    const flushed = this.shut || !this.writable ? complete<void>(undefined) : this.flush(options)
    this.shut = true
    return flushed
  }

  /** Closes the file: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal */
  unreadable(): Blocking<never> | null {
    if (this.shut) return fail(closedError('file'))
    return this.readable ? null : fail(unsupported('read', 'the file was made to write only'))
  }

  /** @internal */
  unwritable(): Blocking<never> | null {
    if (this.shut) return fail(closedError('file'))
    return this.writable ? null : fail(unsupported('write', 'the file was made to read only'))
  }

  /** @internal */
  bytesOf(data: unknown): Uint8Array {
    if (data instanceof Uint8Array) return data
    if (typeof data === 'string' && this.encoding !== undefined) {
      return Buffer.from(data, this.encoding)
    }
    const expected = this.encoding === undefined ? 'a Uint8Array or Buffer' : 'a string or bytes'
    wrongType('data', expected, data)
  }
}
