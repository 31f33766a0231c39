// The half of a Socket that moves bytes. Everything tries at once, waits in order of arrival, and when it is cancelled or
// timed out leaves every byte that came where the next call finds it.
import type { Duplex } from 'node:stream'
import { GreenhouseError, type Blocking, type WaitOptions } from '@greenhouse/scheduler'
import { checkCount, checkDelay, fail, refuse, wrongType } from '@greenhouse/scheduler/kernel'
import { closedError, systemError } from './socket-errors.ts'
import { asBuffer, Inbox, READ_AHEAD, type Taker } from './socket-inbox.ts'
import { Outbox, SLICE } from './socket-outbox.ts'
import { getDefaultTimeout } from './socket-options.ts'
import { ExactTaker, IntoTaker, NextTaker } from './socket-takers.ts'
import type { WireOwner } from './socket-wire.ts'

export const NEW = 0
export const CONNECTING = 1
export const OPEN = 2
export const LISTENING = 3
export const RELEASED = 4
export const CLOSED = 5

export abstract class SocketStream implements WireOwner {
  /** @internal */
  readonly inbox: Inbox
  /** @internal */
  readonly outbox: Outbox
  /** @internal */
  raw: Duplex | null = null
  /** @internal Whether `raw` is one of Node's sockets: they can be written to without their stream machinery. */
  native = true
  /** @internal */
  state: number = NEW
  /** @internal */
  blocks = true
  /** @internal The default time-out as options, where there is one. */
  limit: WaitOptions | undefined = undefined
  /** @internal */
  watchers: Set<() => void> | null = null

  constructor() {
    this.inbox = new Inbox(this)
    this.outbox = new Outbox(this)
    const timeoutMs = getDefaultTimeout()
    if (timeoutMs !== Infinity) this.limit = { timeoutMs }
  }

  /**
   * The time-out of every call on this socket that names none, in milliseconds; Infinity for none. At first it is what
   * `setDefaultTimeout` said when the socket was made.
   *
   * @throws {GH_INVALID_ARGUMENT} when it is set to no number of at least 0.
   *
   * Source: greenhouse/io/sockets.py Socket.settimeout, gettimeout. Differs: Infinity is none; 0 tries once, then times out.
   */
  get timeoutMs(): number {
    return this.limit?.timeoutMs ?? Infinity
  }

  set timeoutMs(ms: number) {
    checkDelay('timeoutMs', ms)
    this.limit = ms === Infinity ? undefined : { timeoutMs: ms }
  }

  /** Whether calls wait: what `setBlocking` said. */
  get blocking(): boolean {
    return this.blocks
  }

  /** Whether the socket is closed, or was handed out with `toDuplex`. */
  get closed(): boolean {
    return this.state >= RELEASED
  }

  /** How many bytes have come and wait to be taken. */
  get available(): number {
    return this.inbox.size
  }

  /**
   * Says whether calls may wait. A socket that may not reads ahead by itself, up to 64 KiB.
   *
   * Without, `recv`, `accept` and the like fail with EAGAIN where they would have to wait, as sends do while an earlier one
   * is under way; `connect` fails with EINPROGRESS and goes on.
   *
   * Source: greenhouse/io/sockets.py Socket.setblocking
   */
  setBlocking(blocking: boolean): void {
    if (typeof blocking !== 'boolean') wrongType('blocking', 'a boolean', blocking)
    this.blocks = blocking
    if (!blocking && this.state === OPEN) this.inbox.readAhead()
  }

  /**
   * Waits for bytes and takes them.
   *
   * Cancelled or timed out, it loses no byte.
   *
   * @param maxBytes - The most to take, at least 1; 65,536 by default.
   * @param options - `timeoutMs`, `signal`.
   * @returns 1 to `maxBytes` bytes, in memory of their own; none at the end of the stream.
   * @throws {GH_TIMEOUT}, {GH_CLOSED}, {GH_INVALID_ARGUMENT}, the signal's reason, Node's own errors (ECONNRESET), ENOTCONN.
   *
   * Source: greenhouse/io/sockets.py Socket.recv
   */
  recv(maxBytes: number = READ_AHEAD, options?: WaitOptions): Blocking<Buffer> {
    if (maxBytes !== READ_AHEAD) checkCount('maxBytes', maxBytes, 1)
    const refused = refuse(options)
    if (refused !== null) return refused
    const { inbox } = this
    if (this.state !== OPEN || !this.blocks) {
      const error = this.unusable('recv')
      if (error !== null) return fail(error)
      if (!inbox.ready) {
        inbox.readAhead()
        return fail(systemError('EAGAIN', 'recv'))
      }
    }
    return inbox.recv(maxBytes, this.limit === undefined ? options : this.limited(options))
  }

  /**
   * Waits for bytes and writes them into memory of the caller, as many as there are.
   *
   * Cancelled or timed out, it loses no byte.
   *
   * @param target - Memory of at least one byte.
   * @param options - `timeoutMs`, `signal`.
   * @returns how many bytes were written; 0 at the end of the stream.
   * @throws as `recv`.
   *
   * Source: greenhouse/io/sockets.py Socket.recv_into
   */
  recvInto(target: Uint8Array, options?: WaitOptions): Blocking<number> {
    checkBytes('target', target)
    if (target.length === 0) wrongType('target', 'memory of at least one byte', target)
    return this.take('recvInto', new IntoTaker(target), options)
  }

  /**
   * Waits for a number of bytes and takes exactly these.
   *
   * Cancelled, timed out, or when the stream ends before, it takes nothing: what has come is there for the next call.
   *
   * @param count - How many bytes, at least 0.
   * @param options - `timeoutMs`, `signal`.
   * @returns the bytes.
   * @throws {GH_EOF} when the stream ends before; else as `recv`.
   */
  recvExactly(count: number, options?: WaitOptions): Blocking<Buffer> {
    checkCount('count', count, 0)
    return this.take('recvExactly', new ExactTaker(count), options)
  }

  /**
   * Waits for bytes as iteration does: the step of a loop in a generator greenlet. Async code has `for await`.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns `{ done: false, value: bytes }`, or `{ done: true }` at the end of the stream.
   * @throws as `recv`.
   */
  next(options?: WaitOptions): Blocking<IteratorResult<Buffer, undefined>> {
    return this.take('recv', NextTaker, options)
  }

  /** The bytes as they come, until the end of the stream. Leaving the loop leaves the socket open. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    return { next: () => this.next(), [Symbol.asyncIterator]: () => this[Symbol.asyncIterator]() }
  }

  /** Puts bytes back: the next call takes them first. They must not be changed any more. */
  unread(bytes: Uint8Array): void {
    checkBytes('bytes', bytes)
    if (this.state >= RELEASED) throw this.closedError()
    this.inbox.unread(bytes)
  }

  /**
   * Sends bytes, as many as the system is handed in one go: all up to 256 KiB.
   *
   * Waits as `sendAll` does, and is cancelled like it.
   *
   * @param bytes - At least one byte is sent when it is not empty.
   * @param options - `timeoutMs`, `signal`.
   * @returns how many bytes were sent.
   * @throws as `sendAll`.
   *
   * Source: greenhouse/io/sockets.py Socket.send
   */
  send(bytes: Uint8Array, options?: WaitOptions): Blocking<number> {
    checkBytes('bytes', bytes)
    const count = Math.min(bytes.length, SLICE)
    return this.sendResult(bytes.length > SLICE ? bytes.subarray(0, SLICE) : bytes, count, options)
  }

  /**
   * Sends bytes, all of them; waits until the system has taken the last. They must not be changed meanwhile.
   *
   * Several at once go out one after another, whole. Cancelled or timed out, the socket stays usable, and later sends follow
   * in order: an unknown part of the bytes was sent, nothing if its turn had not come; the part that the system had been
   * given, up to 256 KiB, still goes out. After that a protocol is mostly beyond repair: close.
   *
   * @param bytes - The bytes.
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws {GH_TIMEOUT}, {GH_CLOSED}, {GH_INVALID_ARGUMENT}, the signal's reason, Node's own errors (EPIPE, ECONNRESET),
   *   ENOTCONN.
   *
   * Source: greenhouse/io/sockets.py Socket.sendall
   */
  sendAll(bytes: Uint8Array, options?: WaitOptions): Blocking<void> {
    checkBytes('bytes', bytes)
    return this.sendResult(bytes, undefined, options)
  }

  /** @internal */
  sendResult<T>(bytes: Uint8Array, result: T, options: WaitOptions | undefined): Blocking<T> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.state !== OPEN || !this.blocks) {
      const error =
        this.unusable('send') ?? (this.outbox.ready ? null : systemError('EAGAIN', 'send'))
      if (error !== null) return fail(error)
    }
    return this.outbox.send(
      bytes,
      result,
      this.limit === undefined ? options : this.limited(options),
    )
  }

  /** @internal */
  take<T>(syscall: string, taker: Taker, options: WaitOptions | undefined): Blocking<T> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.state !== OPEN || !this.blocks) {
      const error = this.unusable(syscall)
      if (error !== null) return fail(error)
      const given = this.inbox.tryTake<T>(taker)
      if (given !== null) return given
      this.inbox.readAhead()
      return fail(systemError('EAGAIN', syscall))
    }
    return this.inbox.take(taker, this.limited(options))
  }

  /** @internal */
  limited(options: WaitOptions | undefined): WaitOptions | undefined {
    const { limit } = this
    if (limit === undefined || options === undefined) return options ?? limit
    return options.timeoutMs === undefined ? { ...options, ...limit } : options
  }

  /** @internal */
  unusable(syscall: string): Error | null {
    if (this.state === OPEN) return null
    return this.state >= RELEASED ? this.closedError() : systemError('ENOTCONN', syscall)
  }

  /** @internal */
  closedError(): GreenhouseError {
    if (this.state !== RELEASED) return closedError('socket')
    return new GreenhouseError('GH_CLOSED', 'The socket was handed out as a stream')
  }

  /** @internal */
  readMore(): void {
    const { raw } = this
    if (raw === null || raw.destroyed) return
    if (this.native) raw._read(READ_AHEAD)
    else raw.resume()
  }

  /** @internal */
  write(bytes: Uint8Array, done: (error?: unknown) => void): void {
    const raw = this.raw!
    if (this.native) raw._write(asBuffer(bytes), 'buffer' as BufferEncoding, done)
    else raw.write(bytes, done)
  }

  /** @internal */
  finish(done: (error?: unknown) => void): void {
    this.raw!.end(done)
  }

  /** @internal */
  written(): void {
    if (this.watchers !== null) this.changed()
  }

  /** @internal */
  received(bytes: Uint8Array, length: number): boolean {
    const more = this.inbox.receive(bytes, length)
    if (this.watchers !== null) this.changed()
    return more
  }

  /** @internal */
  receivedOwn(chunk: Buffer): boolean {
    const more = this.inbox.receiveOwn(chunk)
    if (this.watchers !== null) this.changed()
    return more
  }

  /** @internal */
  endCame(): void {
    this.inbox.end()
    if (this.watchers !== null) this.changed()
  }

  /** @internal */
  lost(error: Error | null): void {
    if (this.state !== OPEN) return
    const failure = error ?? closedError('stream below the socket')
    this.inbox.end(failure)
    this.outbox.fail(failure)
    if (this.watchers !== null) this.changed()
  }

  /** @internal Tells who watches that something may be ready. */
  changed(): void {
    if (this.watchers !== null) for (const watcher of [...this.watchers]) watcher()
  }
}

function checkBytes(name: string, bytes: unknown): void {
  if (!(bytes instanceof Uint8Array)) {
    wrongType(name, 'a Uint8Array or Buffer (text: Buffer.from(text))', bytes)
  }
}
