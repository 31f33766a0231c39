// The server: one greenlet for each connection. What goes wrong in one never reaches another.
import {
  end,
  GreenhouseError,
  pauseFor,
  schedule,
  withTimeout,
  type Blocking,
  type Greenlet,
  type Plain,
  type Steps,
  type WaitOptions,
} from '@greenhouse/scheduler'
import {
  checkCount,
  checkDelay,
  checkFunction,
  checkOptions,
  complete,
  fail,
  giveFalse,
  inspectable,
  refuse,
  WaitList,
} from '@greenhouse/scheduler/kernel'
import { parseAddress, type Address, type AddressLike } from './address.ts'
import { checkListenOptions, type Listener, type ListenOptions } from './server-listener.ts'
import { serveConnection } from './server-connection.ts'
import { listen } from './socket-open.ts'
import type { Socket } from './socket.ts'

/** What serves a connection; the socket is closed when it has returned. */
export type ConnectionHandler =
  | ((socket: Socket) => Steps<unknown>)
  | ((socket: Socket) => PromiseLike<unknown>)
  | ((socket: Socket) => Plain)

/** How a server serves. */
export interface StreamServerOptions extends Omit<ListenOptions, 'timeoutMs' | 'signal'> {
  /**
   * How many connections are served at a time, at least 1; no limit by default. Those beyond wait, unread, in the order in
   * which they came: TCP itself then stops their clients.
   */
  readonly concurrency?: number | undefined
  /** How long a TLS handshake may take, in milliseconds; 10,000 by default. */
  readonly handshakeTimeoutMs?: number | undefined
  /** Shown in dumps. */
  readonly name?: string | undefined
}

/** How things stand with a server. */
export interface StreamServerStatistics {
  readonly listening: boolean
  /** Connections that are being served. */
  readonly active: number
  /** Connections that wait to be served. */
  readonly waiting: number
  /** Connections whose service has begun, since the start. */
  readonly accepted: number
  /** Those whose handler failed. */
  readonly failed: number
  /** Those that broke: their peer hung up or its handshake failed. */
  readonly broken: number
  /** How often accepting rested since descriptors or memory had run out. */
  readonly rests: number
}

/**
 * A server for connections over TCP or a UNIX socket.
 *
 * Each connection has a greenlet of its own, which closes the socket when the handler returns. An error of the handler goes to
 * the exception handlers, as that of any greenlet; that the peer hung up is none, and only counted.
 *
 * @param handler - Gets the socket; async, generator or plain.
 * @param options - `concurrency`, `tls`, `backlog`, `name`, and how to listen.
 * @throws {GH_INVALID_ARGUMENT}
 * @example
 * ```ts
 * import { connect, StreamServer } from '@greenhouse/io'
 *
 * const server = new StreamServer(function* (socket) {
 *   for (let bytes; (bytes = yield* socket.recv()).length > 0; ) yield* socket.sendAll(bytes)
 * })
 * const socket = await connect(await server.start('127.0.0.1:0'))
 * await socket.sendAll(Buffer.from('echo'))
 * console.log((await socket.recv()).toString()) // => echo
 * socket.close()
 * console.log(await server.stop()) // => true
 * ```
 */
export class StreamServer {
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** @internal */
  readonly handler: ConnectionHandler
  /** @internal */
  readonly options: StreamServerOptions
  /** @internal */
  readonly concurrency: number
  /** @internal */
  listener: Listener | null = null
  /** @internal */
  acceptor: Greenlet | null = null
  /** @internal */
  readonly active: Map<Socket, Greenlet> = new Map()
  /** @internal */
  readonly room: WaitList<void> = new WaitList<void>('StreamServer.room', null, this)
  /** @internal */
  readonly idle: WaitList<boolean> = new WaitList<boolean>('StreamServer.stop', null, this)
  /** @internal */
  readonly counts: { accepted: number; failed: number; broken: number; rests: number } = {
    accepted: 0,
    failed: 0,
    broken: 0,
    rests: 0,
  }

  constructor(handler: ConnectionHandler, options: StreamServerOptions = {}) {
    checkFunction('handler', handler)
    checkListenOptions(options)
    const { concurrency = Infinity, handshakeTimeoutMs, name } = options
    checkCount('options.concurrency', concurrency, 1)
    if (handshakeTimeoutMs !== undefined) {
      checkDelay('options.handshakeTimeoutMs', handshakeTimeoutMs)
    }
    this.handler = handler
    this.options = options
    this.concurrency = concurrency
    this.name = name
    inspectable('StreamServer', this)
  }

  /** Where it listens; undefined while it does not. */
  get address(): Address | undefined {
    return this.listener?.address
  }

  /**
   * Begins to listen and to serve. A server that was stopped may start again.
   *
   * Cancelled or timed out, it does not listen.
   *
   * @param address - As for `parseAddress`; port 0 for a free one.
   * @param options - `timeoutMs`, `signal`.
   * @returns the address, with the port that was chosen.
   * @throws {GH_INVALID_STATE} when it is started already; else as `listen`.
   */
  start(address: AddressLike, options?: WaitOptions): Blocking<Address> {
    checkOptions('options', options)
    if (this.listener !== null) {
      return fail(new GreenhouseError('GH_INVALID_STATE', 'The server is started already'))
    }
    const parsed = parseAddress(address)
    return withTimeout(Infinity, () => this.starting(parsed, { ...this.options, ...options }))
  }

  /**
   * Stops: takes no more connections, closes those that wait to be served, and waits until those that are served are done.
   * When the time is up, their greenlets are ended and their sockets closed.
   *
   * Cancelled or aborted, it no longer waits, and forces nobody.
   *
   * @param options - `timeoutMs`: how long to wait, in milliseconds, 5000 by default; `signal`.
   * @returns true when all were done in time, false when some were forced.
   * @throws the signal's reason.
   */
  stop(options: WaitOptions = {}): Blocking<boolean> {
    const refused = refuse(options)
    if (refused !== null) return refused
    // Ended first, the acceptor does not hear of the close.
    if (this.acceptor !== null) end(this.acceptor)
    this.acceptor = null
    this.listener?.close()
    this.listener = null
    const { timeoutMs = 5000, signal } = options
    return withTimeout(Infinity, () => this.drain({ timeoutMs, signal }))
  }

  /** Lets the process end although the server, which is started, listens. Connections keep the process alive all the same. */
  unref(): this {
    this.listener?.unref()
    return this
  }

  /** How things stand. */
  statistics(): StreamServerStatistics {
    const { listener, active, counts } = this
    return {
      listening: listener !== null,
      active: active.size,
      waiting: listener?.pending ?? 0,
      ...counts,
    }
  }

  /** @internal */
  *starting(address: Address, options: ListenOptions): Steps<Address> {
    const listener = yield* listen(address, options)
    if (this.listener !== null) {
      listener.close()
      throw new GreenhouseError('GH_INVALID_STATE', 'The server is started already')
    }
    this.listener = listener
    this.acceptor = schedule(accepting, this, listener)
    return listener.address
  }

  /** @internal */
  *drain(options: WaitOptions): Steps<boolean> {
    if (yield* this.whenIdle(options)) return true
    for (const [socket, greenlet] of [...this.active]) {
      // One that has not begun has no `finally` that would say so.
      const begun = greenlet.state !== 'initial'
      end(greenlet)
      socket.close()
      if (!begun) this.done(socket)
    }
    yield* this.whenIdle({ timeoutMs: 1000 })
    return false
  }

  /** @internal */
  whenIdle(options: WaitOptions): Blocking<boolean> {
    return this.active.size === 0
      ? complete(true)
      : this.idle.park<boolean>(undefined, options, giveFalse)
  }

  /** @internal */
  done(socket: Socket): void {
    socket.close()
    this.active.delete(socket)
    this.room.wake(undefined)
    if (this.active.size === 0) this.idle.wakeAll(true)
  }
}

const FIRST_REST_MS = 10
const LONGEST_REST_MS = 1000
const EXHAUSTED: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])

/** The greenlet that accepts. It never waits for a client: handshakes are the business of the greenlets that it starts. */
function* accepting(server: StreamServer, listener: Listener): Steps<void> {
  let restMs = 0
  for (;;) {
    while (server.active.size >= server.concurrency) {
      yield* server.room.park<void>(undefined, undefined, giveFalse)
    }
    let socket: Socket
    try {
      socket = yield* listener.accept()
      restMs = 0
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (code === 'GH_EXIT') throw error
      if (listener.closed) return
      if (EXHAUSTED.has(code)) {
        restMs = Math.min(LONGEST_REST_MS, Math.max(FIRST_REST_MS, restMs * 2))
        server.counts.rests++
        yield* pauseFor(restMs)
      }
      continue
    }
    server.counts.accepted++
    server.active.set(socket, serveConnection(server, socket))
  }
}
