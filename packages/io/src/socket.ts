// The Socket: a connection over TCP or a UNIX socket, plain or with TLS. How it moves bytes stands in socket-stream.ts.
import type { Socket as NodeSocket } from 'node:net'
import type { FileHandle } from 'node:fs/promises'
import { Duplex } from 'node:stream'
import type { ReadableStream, WritableStream } from 'node:stream/web'
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { checkOptions, complete, fail, refuse, wrongValue } from '@greenhouse/scheduler/kernel'
import { parseAddress, type Address, type AddressLike } from './address.ts'
import { POLLABLE, type Pollable } from './core/pollable.ts'
import { checkListenOptions, Listener, type ListenOptions } from './server-listener.ts'
import { SocketFile, type MakeFileOptions, type TextEncoding } from './make-file.ts'
import { connectSocket } from './socket-connect.ts'
import { systemError, unsupported } from './socket-errors.ts'
import type { ConnectOptions } from './socket-options.ts'
import { sendFile, type SendFileOptions } from './socket-send-file.ts'
import { SocketPollable } from './socket-pollable.ts'
import { SecureStream } from './socket-secure.ts'
import { CLOSED, LISTENING, NEW, OPEN, RELEASED } from './socket-stream.ts'
import { releaseStream, wrapStream } from './streams.ts'
import type { Wire } from './socket-wire.ts'

/**
 * A socket. Most are made by `connect`, or come from `accept` and servers; one made with `new` is not connected yet.
 *
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { connect, listen } from '@greenhouse/io'
 *
 * const listener = await listen('127.0.0.1:0')
 * schedule(function* () {
 *   const peer = yield* listener.accept()
 *   yield* peer.sendAll(yield* peer.recv())
 *   peer.close()
 * })
 * const socket = await connect(listener.address)
 * await socket.sendAll(Buffer.from('hello'))
 * console.log((await socket.recv()).toString()) // => hello
 * console.log((await socket.recv()).length) // => 0
 * socket.close()
 * listener.close()
 * ```
 *
 * Source: greenhouse/io/sockets.py Socket
 */
export class Socket extends SecureStream {
  /** @internal */
  bound: Address | null = null
  /** @internal */
  listener: Listener | null = null
  /** @internal Remembered from when the connection was open. */
  names: { sock?: Address | undefined; peer?: Address | undefined } | null = null

  /**
   * Makes a socket of a stream that was made elsewhere: a `net.Socket`, `tls.TLSSocket` or any Duplex of bytes. From then on it
   * belongs to the socket; its own listeners for data hear nothing more.
   *
   * @param stream - An open stream without an encoding.
   * @returns the socket.
   * @throws {GH_INVALID_ARGUMENT}, {GH_CLOSED} when it is destroyed.
   *
   * Source: greenhouse/io/sockets.py Socket(_sock), socket_fromfd. Differs: of a stream, not of a descriptor.
   */
  static from(stream: Duplex): Socket {
    const socket = new Socket()
    wrapStream(socket, stream)
    return socket
  }

  /** The address on this side; undefined where there is none yet. */
  get sockName(): Address | undefined {
    if (this.listener !== null) return this.listener.address
    this.rememberNames()
    return this.names?.sock ?? this.bound ?? undefined
  }

  /** The address of the peer; undefined where there is none. The client of a UNIX socket mostly has none. */
  get peerName(): Address | undefined {
    this.rememberNames()
    return this.names?.peer
  }

  /**
   * Says where a connection is to come from, or where to listen. Node binds only when that begins, and reports then that an
   * address is taken.
   *
   * @throws {GH_INVALID_ARGUMENT}, {GH_CLOSED}, EINVAL when it is connected or listens already.
   *
   * Source: greenhouse/io/sockets.py Socket.bind
   */
  bind(address: AddressLike): void {
    const parsed = parseAddress(address)
    if (this.state >= RELEASED) throw this.closedError()
    if (this.state !== NEW) throw systemError('EINVAL', 'bind')
    this.bound = parsed
  }

  /**
   * Connects; names are looked up, and all their addresses are tried.
   *
   * Cancelled or timed out, the socket is closed. When it fails it may try again.
   *
   * @param address - As for `parseAddress`.
   * @param options - `timeoutMs`, `signal`, and how to connect.
   * @returns nothing.
   * @throws {GH_TIMEOUT}, {GH_CLOSED}, {GH_INVALID_ARGUMENT}, the signal's reason, Node's own errors (ECONNREFUSED, ENOTFOUND;
   *   an AggregateError with a `code` where several addresses failed), EISCONN, EINPROGRESS when it may not block.
   *
   * Source: greenhouse/io/sockets.py Socket.connect
   */
  connect(address: AddressLike, options: ConnectOptions = {}): Blocking<void> {
    return connectSocket(this, 'Socket.connect', address, options, undefined)
  }

  /**
   * Begins to listen where `bind` said; on a free port of all interfaces without it. `listen` of this package does it in one.
   *
   * @param options - `timeoutMs`, `signal`, `backlog`, and how to listen.
   * @returns nothing.
   * @throws as the function `listen`; EINVAL when it is connected.
   *
   * Source: greenhouse/io/sockets.py Socket.listen
   */
  listen(options: ListenOptions = {}): Blocking<void> {
    checkListenOptions(options)
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.state >= RELEASED) return fail(this.closedError())
    if (this.state !== NEW) return fail(systemError('EINVAL', 'listen'))
    const listener = new Listener(() => new Socket())
    this.listener = listener
    this.state = LISTENING
    const address = this.bound ?? { host: '::', port: 0 }
    return listener.open(
      'Socket.listen',
      address,
      this.limited(options) ?? options,
      undefined,
      () => this.close(),
    )
  }

  /**
   * Waits for a connection.
   *
   * Cancelled or timed out, it loses none.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns its socket; the address is its `peerName`.
   * @throws {GH_TIMEOUT}, {GH_CLOSED}, the signal's reason, Node's own errors (EMFILE), EINVAL when it does not listen, EAGAIN
   *   when it may not block.
   *
   * Source: greenhouse/io/sockets.py Socket.accept. Differs: the address is not given beside the socket.
   */
  accept(options?: WaitOptions): Blocking<Socket> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.state >= RELEASED) return fail(this.closedError())
    if (this.listener === null) return fail(systemError('EINVAL', 'accept'))
    if (!this.blocks && !this.listener.ready) return fail(systemError('EAGAIN', 'accept'))
    return this.listener.accept(this.limited(options))
  }

  /**
   * Ends one direction, or both.
   *
   * `'write'` waits until what was sent before is out, then tells the peer that nothing more comes; `recv` goes on. `'read'`
   * drops what has come and makes `recv` give the end of the stream. Cancelled or timed out before its turn, the direction
   * stays open.
   *
   * @param how - `'read'`, `'write'` or `'both'`; `'write'` by default.
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws {GH_TIMEOUT}, {GH_CLOSED}, {GH_INVALID_ARGUMENT}, the signal's reason, ENOTCONN, Node's own errors.
   *
   * Source: greenhouse/io/sockets.py Socket.shutdown
   */
  shutdown(how: 'read' | 'write' | 'both' = 'write', options?: WaitOptions): Blocking<void> {
    if (how !== 'read' && how !== 'write' && how !== 'both') {
      wrongValue('how', "'read', 'write' or 'both'", how)
    }
    const refused = refuse(options)
    if (refused !== null) return refused
    const error = this.unusable('shutdown')
    if (error !== null) return fail(error)
    if (how !== 'write') {
      this.inbox.clear()
      this.endCame()
    }
    return how === 'read' ? complete(undefined) : this.outbox.end(this.limited(options))
  }

  /**
   * Closes the socket at once. Whoever waits on it gets `GH_CLOSED`; what a `sendAll` that has returned gave to the system
   * still goes out. A second call does nothing.
   *
   * Source: greenhouse/io/sockets.py Socket.close. Differs: wakes those who wait.
   */
  close(): void {
    if (this.state >= RELEASED) return
    this.rememberNames()
    const { raw, listener } = this
    this.state = CLOSED
    this.raw = null
    if (raw !== null) this.hangUp(raw)
    else this.tls?.raw.destroy()
    this.tls?.waiters.failWith(this.closedError())
    listener?.close()
    this.inbox.close()
    const error = this.closedError()
    this.outbox.fail(error, () => this.closedError())
    this.changed()
  }

  /**
   * Makes a file of the socket: a reader by lines and a writer with a buffer. `recv` and the file can be mixed.
   *
   * @param mode - `'r'`, `'w'` or `'rw'`, which is the default.
   * @param options - `encoding` to give and take strings, `bufferBytes`.
   * @throws {GH_INVALID_ARGUMENT}
   * @example
   * ```ts
   * import { schedule } from '@greenhouse/scheduler'
   * import { connect, listen } from '@greenhouse/io'
   *
   * const listener = await listen('127.0.0.1:0')
   * schedule(function* () {
   *   const peer = yield* listener.accept()
   *   yield* peer.sendAll(Buffer.from('one\ntwo\n'))
   *   peer.close()
   * })
   * const socket = await connect(listener.address)
   * for await (const line of socket.makeFile('r', { encoding: 'utf8' })) console.log(line.trim())
   * // => one
   * // => two
   * socket.close()
   * listener.close()
   * ```
   *
   * Source: greenhouse/io/sockets.py Socket.makefile. Differs: the buffer has the size that was asked for.
   */
  makeFile(
    mode: string,
    options: MakeFileOptions & { readonly encoding: TextEncoding },
  ): SocketFile<string>
  makeFile(mode?: string, options?: MakeFileOptions): SocketFile
  makeFile(mode?: string, options?: MakeFileOptions): SocketFile<never> {
    return new SocketFile<never>(this, mode, options)
  }

  /**
   * Sends a file, or part of it, with the memory of one slice.
   *
   * Cancelled or timed out, the file is closed again, and the socket is as after a cancelled `sendAll`.
   *
   * @param path - Of the file; or a `FileHandle`, which stays open.
   * @param options - `timeoutMs`, `signal`, `offset` and `length` in bytes.
   * @returns how many bytes were sent.
   * @throws as `sendAll`, and Node's own errors of files (ENOENT).
   */
  sendFile(
    path: string | URL | Buffer | FileHandle,
    options: SendFileOptions = {},
  ): Blocking<number> {
    return sendFile(this, path, options)
  }

  /**
   * Hands the connection out as a Node stream: a `net.Socket`, `tls.TLSSocket`, or what was given to `Socket.from`. What was
   * read too early is in it. The socket itself is closed from then on, without the connection.
   *
   * @throws {GH_CLOSED}, {GH_INVALID_STATE} when somebody reads or sends; ENOTCONN.
   */
  toDuplex(): Duplex {
    return releaseStream(this)
  }

  /** Hands the connection out as web streams; otherwise as `toDuplex`. */
  toWeb(): { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> } {
    return Duplex.toWeb(releaseStream(this)) as ReturnType<Socket['toWeb']>
  }

  /** Sets whether small messages go out at once; true at first. */
  setNoDelay(on: boolean = true): this {
    this.nodeSocket('setNoDelay').setNoDelay(on)
    return this
  }

  /** Sets whether the system probes an idle peer, and after how many milliseconds; false at first. */
  setKeepAlive(on: boolean = true, afterMs?: number): this {
    this.nodeSocket('setKeepAlive').setKeepAlive(on, afterMs)
    return this
  }

  /** Lets the process end although this socket is open. */
  unref(): this {
    if (this.listener !== null) this.listener.unref()
    else this.nodeSocket('unref').unref()
    return this
  }

  /** Keeps the process alive while this socket reads, which is how it is at first. */
  ref(): this {
    if (this.listener !== null) this.listener.ref()
    else this.nodeSocket('ref').ref()
    return this
  }

  /** The number of the descriptor; -1 where there is none, as on Windows. Source: greenhouse/io/sockets.py Socket.fileno */
  fileno(): number {
    const raw = this.listener?.server ?? this.raw
    const handle = (raw as { _handle?: { fd?: number } | null } | null)?._handle
    return handle?.fd ?? -1
  }

  /** @throws {GH_UNSUPPORTED} always: Node has no second descriptor for a socket. */
  dup(): never {
    throw unsupported('dup', 'Node cannot make a second descriptor of a socket')
  }

  /** @throws {GH_UNSUPPORTED} always: what Node can set has methods (`setNoDelay`, `setKeepAlive`) and options. */
  setSockOpt(...args: unknown[]): never {
    throw unsupported(`setSockOpt(${args.join(', ')})`, 'Node sets no options of sockets by number')
  }

  /** @throws {GH_UNSUPPORTED} always. */
  getSockOpt(...args: unknown[]): never {
    throw unsupported(`getSockOpt(${args.join(', ')})`, 'Node gets no options of sockets by number')
  }

  /** Closes the socket: for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** Closes the socket: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  get [Symbol.toStringTag](): string {
    return 'Socket'
  }

  /** @internal */
  opened(raw: Wire): void {
    this.raw = raw
    this.state = OPEN
    if (!this.blocks || this.watchers !== null) this.inbox.readAhead()
    this.changed()
  }

  /** @internal Closes what is below; says goodbye first where that is owed and possible at once. */
  hangUp(raw: Duplex): void {
    const { tls, outbox } = this
    if (tls !== null && !outbox.busy && !outbox.finished && !raw.destroyed) raw.end()
    raw.destroy()
  }

  /** @internal */
  rememberNames(): void {
    const raw = (this.raw ?? this.tls?.raw) as NodeSocket | null | undefined
    if (this.state !== OPEN || !this.native || raw === null || raw === undefined) return
    const names = this.names
    if (names?.peer !== undefined && names.sock !== undefined) return
    this.names = {
      sock: nameOf(raw.localAddress, raw.localPort) ?? names?.sock,
      peer: nameOf(raw.remoteAddress, raw.remotePort) ?? names?.peer,
    }
  }

  /** @internal */
  nodeSocket(method: string): NodeSocket {
    if (this.state >= RELEASED) throw this.closedError()
    if (this.raw === null) throw systemError('ENOTCONN', method)
    if (!this.native) throw unsupported(method, 'the stream below is no socket')
    return this.raw as NodeSocket
  }
}

function nameOf(host: string | undefined, port: number | undefined): Address | undefined {
  return host === undefined || port === undefined ? undefined : { host, port }
}

Object.defineProperty(Socket.prototype, POLLABLE, {
  get(this: Socket): Pollable {
    return new SocketPollable(this)
  },
})
