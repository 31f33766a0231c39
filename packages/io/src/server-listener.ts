// The listening side: connections that Node has accepted, in order, and who waits for one.
import {
  Server,
  type ListenOptions as NodeListenOptions,
  type Socket as NodeSocket,
} from 'node:net'
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import {
  checkCount,
  checkOptions,
  complete,
  fail,
  refuse,
  resume,
  resumeError,
  type Operation,
  type Source,
} from '@greenhouse/scheduler/kernel'
import type { Address } from './address.ts'
import { call } from './core/call.ts'
import { OutsideList } from './core/outside.ts'
import { POLLABLE, type Pollable } from './core/pollable.ts'
import { setOptions } from './socket-connect.ts'
import { closedError } from './socket-errors.ts'
import type { ConnectOptions } from './socket-options.ts'
import { adopt } from './socket-adopt.ts'
import type { Socket } from './socket.ts'
import { Wire } from './socket-wire.ts'
import type { StartTlsOptions, TlsServerOptions } from './tls-options.ts'

/** How to listen. */
export interface ListenOptions extends WaitOptions, Pick<ConnectOptions, 'noDelay' | 'keepAlive'> {
  /** How many connections the system keeps until Node accepts them, at least 1; 511 by default. */
  readonly backlog?: number | undefined
  /** Whether an IPv6 address stays away from IPv4; false by default. */
  readonly ipv6Only?: boolean | undefined
  /** Whether workers of a cluster do not share the address; false by default. */
  readonly exclusive?: boolean | undefined
  /** Speaks TLS with every connection. The handshake begins when it is taken; `accept` does not wait for it. */
  readonly tls?: TlsServerOptions | undefined
  /** Whether every user of the machine may connect to a UNIX socket; false by default. */
  readonly publicPath?: boolean | undefined
}

/**
 * A listening socket, made by `listen`. Node accepts connections as they come; they wait here, unread, until somebody takes
 * them.
 */
export class Listener {
  /** The address that it listens on, with the port that was chosen. */
  address: Address = { host: '::', port: 0 }
  /** @internal */
  readonly server: Server
  /** @internal */
  readonly makeSocket: () => Socket
  /** @internal */
  readonly waiting: Socket[] = []
  /** @internal How many of `waiting` are taken. */
  taken = 0
  /** @internal An error of accepting that nobody has heard of. */
  failure: Error | null = null
  /** @internal */
  readonly acceptors: Acceptors
  /** @internal */
  readonly nexts: Nexts
  /** @internal */
  options: ListenOptions = {}
  /** @internal */
  watchers: Set<() => void> | null = null
  /** @internal */
  shut = false

  constructor(makeSocket: () => Socket) {
    this.makeSocket = makeSocket
    this.acceptors = new Acceptors(this)
    this.nexts = new Nexts(this)
    this.server = new Server({ allowHalfOpen: true, pauseOnConnect: true })
  }

  /** Whether it is closed. */
  get closed(): boolean {
    return this.shut
  }

  /** How many connections wait to be taken. */
  get pending(): number {
    return this.waiting.length - this.taken
  }

  /**
   * Waits for a connection and takes it.
   *
   * Cancelled or timed out, it loses none.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns its socket.
   * @throws {GH_TIMEOUT}, {GH_CLOSED}, the signal's reason, Node's own errors (EMFILE, after which it goes on).
   *
   * Source: greenhouse/io/sockets.py Socket.accept
   */
  accept(options?: WaitOptions): Blocking<Socket> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.acceptors.first === null) {
      const socket = this.shift()
      if (socket !== null) return this.acceptors.complete(socket)
      const { failure } = this
      this.failure = null
      if (failure !== null) return fail(failure)
    }
    if (this.shut) return fail(closedError('listener'))
    return this.acceptors.park<Socket>(undefined, options)
  }

  /**
   * Waits for a connection as iteration does: the step of a loop in a generator greenlet. Async code has `for await`.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns `{ done: false, value: socket }`, or `{ done: true }` when it is or gets closed.
   * @throws as `accept`, but for {GH_CLOSED}.
   */
  next(options?: WaitOptions): Blocking<IteratorResult<Socket, undefined>> {
    const refused = refuse(options)
    if (refused !== null) return refused
    const { acceptors, failure } = this
    let blocking: Blocking<unknown>
    if (acceptors.first === null && this.pending > 0) {
      blocking = acceptors.complete({ done: false, value: this.shift() } as never)
    } else if (this.shut) return complete({ done: true, value: undefined })
    else if (failure !== null) {
      this.failure = null
      return fail(failure)
    } else blocking = acceptors.park(undefined, options)
    const operation = blocking as unknown as Operation
    if (operation.source === acceptors) operation.source = this.nexts
    return blocking as Blocking<IteratorResult<Socket, undefined>>
  }

  /** The connections as they come, until it is closed. Leaving the loop goes on listening. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Socket, undefined> {
    return { next: () => this.next(), [Symbol.asyncIterator]: () => this[Symbol.asyncIterator]() }
  }

  /**
   * Stops listening. Who waits gets `GH_CLOSED`; connections that nobody has taken are closed. A second call does nothing.
   */
  close(): void {
    if (this.shut) return
    this.shut = true
    this.server.close()
    for (let socket; (socket = this.shift()) !== null;) socket.close()
    for (let left = this.acceptors.size; left > 0; left--) {
      const operation = this.acceptors.first!
      const iterating = operation.source === this.nexts
      this.acceptors.shift()
      if (iterating) resume(operation, { done: true, value: undefined })
      else resumeError(operation, closedError('listener'))
    }
    this.changed()
  }

  /** Lets the process end although it listens. */
  unref(): this {
    this.server.unref()
    return this
  }

  /** Keeps the process alive while it listens, which is how it is at first. */
  ref(): this {
    this.server.ref()
    return this
  }

  /** How things stand. */
  statistics(): { pending: number; acceptors: number; closed: boolean } {
    return { pending: this.pending, acceptors: this.acceptors.size, closed: this.shut }
  }

  /** Closes it: for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** Closes it: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** @internal Begins to listen; gives `result` when it does. */
  open<T>(
    kind: string,
    address: Address,
    options: ListenOptions,
    result: T,
    stop: () => void = () => this.close(),
  ): Blocking<T> {
    const { server } = this
    // One object for all connections: it stands for one set of certificates and sessions.
    const { tls } = options
    this.options =
      tls === undefined
        ? options
        : { ...options, tls: { ...tls, isServer: true } as TlsServerOptions }
    return call<T>(
      kind,
      options,
      (done) => {
        const failed = (error: Error) => {
          stop()
          done(error)
        }
        server.once('error', failed)
        server.listen(nodeOptions(address, options), () => {
          // Closed while its name was looked up.
          if (this.shut) return void server.close()
          server.off('error', failed)
          server.on('error', (error) => this.acceptFailed(error))
          this.opened()
          done(null, result)
        })
        return stop
      },
      stop,
    )
  }

  /** @internal Whether `accept` would not wait. */
  get ready(): boolean {
    return this.pending > 0 || this.failure !== null || this.shut
  }

  /** @internal */
  watch(changed: () => void): () => void {
    const watchers = (this.watchers ??= new Set())
    watchers.add(changed)
    return () => watchers.delete(changed)
  }

  /** @internal */
  changed(): void {
    if (this.watchers !== null) for (const watcher of [...this.watchers]) watcher()
  }

  /** @internal */
  opened(): void {
    const { server } = this
    const bound = server.address()
    if (typeof bound === 'string') this.address = { path: bound }
    else if (bound !== null) this.address = { host: bound.address, port: bound.port }
    if (!takeOver(this)) {
      server.on('connection', (raw: NodeSocket) => {
        const socket = this.makeSocket()
        adopt(socket, raw)
        this.connected(socket)
      })
    }
  }

  /** @internal */
  connected(socket: Socket): void {
    const { first } = this.acceptors
    if (this.shut) return socket.close()
    if (this.address.path !== undefined) socket.names = { sock: this.address }
    if (first === null) {
      this.waiting.push(socket)
      this.changed()
    } else this.hand(first, socket)
  }

  /** @internal */
  acceptFailed(error: Error): void {
    const operation = this.acceptors.shift()
    if (operation !== null) return resumeError(operation, error)
    this.failure = error
    this.changed()
  }

  /** @internal A connection comes back from somebody who could not take it any more. */
  unaccept(socket: Socket): void {
    const { first } = this.acceptors
    if (this.shut) socket.close()
    else if (first !== null) this.hand(first, socket)
    else this.waiting.splice(this.taken, 0, socket)
  }

  /** @internal */
  hand(operation: Operation, socket: Socket): void {
    const iterating = operation.source === this.nexts
    this.acceptors.shift()
    this.begin(socket)
    resume(operation, iterating ? { done: false, value: socket } : socket)
  }

  /** @internal */
  shift(): Socket | null {
    if (this.pending === 0) return null
    const socket = this.waiting[this.taken++]!
    if (this.taken === this.waiting.length || this.taken > 1024) {
      this.waiting.splice(0, this.taken)
      this.taken = 0
    }
    this.begin(socket)
    return socket
  }

  /** @internal The handshake is the business of who takes the connection, not of who accepts. */
  begin(socket: Socket): void {
    const { tls } = this.options
    if (tls === undefined || socket.tls !== null || this.shut) return
    socket.beginTls(tls as StartTlsOptions)
  }
}

/** Who waits for a connection. One that was handed to somebody who cannot take it any more goes to the next. */
class Acceptors extends OutsideList<Socket> {
  constructor(listener: Listener) {
    super('Listener.accept', (socket) => listener.unaccept(socket), listener)
  }
}

/** The same, for those who iterate. */
class Nexts implements Source {
  readonly kind = 'Listener.next'
  readonly listener: Listener

  constructor(listener: Listener) {
    this.listener = listener
  }

  giveBack(result: IteratorResult<Socket, undefined>): void {
    if (result.done !== true) this.listener.unaccept(result.value)
  }

  withdraw(operation: Operation): void {
    this.listener.acceptors.withdraw(operation)
  }
}

/** Throws on options that make no sense. */
export function checkListenOptions(options: ListenOptions | undefined): void {
  checkOptions('options', options)
  if (options?.backlog !== undefined) checkCount('options.backlog', options.backlog, 1)
}

function nodeOptions(address: Address, options: ListenOptions): NodeListenOptions {
  const { backlog = 511, ipv6Only = false, exclusive = false, publicPath = false } = options
  if (address.path !== undefined) {
    const { path } = address
    return { path, backlog, exclusive, readableAll: publicPath, writableAll: publicPath }
  }
  return { host: address.host, port: address.port, backlog, ipv6Only, exclusive }
}

type OnConnection = (this: unknown, error: number | undefined, handle: unknown) => void

/**
 * Takes connections over from Node where it hands them to JavaScript, so that no second Node socket is made to read into
 * shared memory. False where Node works in another way: then its 'connection' event does, at some cost.
 */
function takeOver(listener: Listener): boolean {
  const handle = (listener.server as { _handle?: { onconnection?: OnConnection } })._handle
  const original = handle?.onconnection
  if (typeof original !== 'function') return false
  handle!.onconnection = function (error, connection) {
    if (connection === undefined || (error !== undefined && error !== 0)) {
      return original.call(this, error, connection)
    }
    const socket = listener.makeSocket()
    const wire = new Wire(socket, connection)
    if (listener.address.path === undefined) setOptions(wire, listener.options)
    socket.opened(wire)
    listener.connected(socket)
  }
  return true
}

Object.defineProperty(Listener.prototype, POLLABLE, {
  get(this: Listener): Pollable {
    return {
      readable: () => this.ready,
      writable: () => this.shut,
      watch: (changed) => this.watch(changed),
    }
  },
})
