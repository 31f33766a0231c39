// UDP in blocking style. Each call waits for one datagram to come or to be taken by the system; a datagram comes whole or not
// at all, and nobody promises that it comes.
import { GreenhouseError, type Blocking, type WaitOptions } from '@greenhouse/scheduler'
import { checkDelay, fail, refuse, wrongType } from '@greenhouse/scheduler/kernel'
import { parseAddress, type AddressLike } from './address.ts'
import { POLLABLE, type Pollable } from './core/pollable.ts'
import { Inbox, type Datagram, type DatagramAddress, type Form } from './datagram-inbox.ts'
import { Multicast } from './datagram-multicast.ts'
import { readOptions, type DatagramOptions } from './datagram-options.ts'
import { DatagramPort, WHAT } from './datagram-port.ts'
import { closedError, systemError } from './socket-errors.ts'

/** What `recvFromInto` gives. */
export interface ReceivedInto {
  /** How many bytes were written into the buffer. */
  readonly bytes: number
  /** Whether the datagram was longer than the buffer; its rest is lost. */
  readonly truncated: boolean
  /** Where it came from. */
  readonly address: DatagramAddress
}

/** How things stand with a datagram socket. */
export interface DatagramStatistics {
  readonly received: number
  readonly receivedBytes: number
  /** How many came and found no room in the queue. What the system itself drops is not counted. */
  readonly dropped: number
  readonly sent: number
  readonly sentBytes: number
  /** How many have come and wait to be read. */
  readonly queued: number
  readonly queuedBytes: number
  /** How many greenlets wait for a datagram. */
  readonly readers: number
  readonly closed: boolean
}

/**
 * A UDP socket.
 *
 * What comes is queued until it is read, `maxQueued` datagrams and `maxQueuedBytes` bytes at most; what finds no room is
 * dropped by the policy `drop` and counted. An error that the system reports meanwhile (`ECONNREFUSED` from the other end of
 * a connected socket) is thrown by the next read. A wait that is ended, timed out or aborted takes no datagram with it.
 *
 * @param options - `family`, `reuseAddress`, `ipv6Only`, `maxQueued`, `maxQueuedBytes`, `drop`, `timeoutMs`, `name`, buffer
 *   sizes of the system.
 * @throws {GH_INVALID_ARGUMENT} for options that make no sense.
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { DatagramSocket } from '@greenhouse/io'
 *
 * const server = new DatagramSocket()
 * const address = await server.bind({ host: '127.0.0.1', port: 0 })
 * schedule(async () => {
 *   const question = await server.recvFrom()
 *   await server.sendTo(Buffer.from(`${question.data}? No.`), question.address)
 * })
 *
 * const client = new DatagramSocket()
 * await client.connect(address)
 * await client.send(Buffer.from('Rain'))
 * console.log(String(await client.recv({ timeoutMs: 5000 }))) // => Rain? No.
 * client.close()
 * server.close()
 * ```
 *
 * Source: greenhouse/io/sockets.py Socket, of type SOCK_DGRAM
 */
export class DatagramSocket {
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** 4 or 6. */
  readonly family: 4 | 6
  /** Multicast groups, and how multicast goes out. */
  readonly multicast: Multicast
  /** @internal */
  readonly inbox: Inbox
  /** @internal */
  readonly port: DatagramPort
  /** @internal */
  readonly watchers: Set<() => void> = new Set()
  /** @internal */
  limitMs: number
  /** @internal */
  waits = true

  constructor(options?: DatagramOptions) {
    const read = readOptions(this, options)
    this.name = read.name
    this.family = read.family
    this.limitMs = read.timeoutMs
    this.inbox = new Inbox(this, read.maxQueued, read.maxQueuedBytes, read.drop)
    this.port = new DatagramPort(
      read,
      (data, host, port) => {
        this.inbox.arrive(data, host, port)
        this.changed()
      },
      (error) => {
        this.inbox.fail(error)
        this.changed()
      },
    )
    this.multicast = new Multicast(this.port)
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.port.closed
  }

  /** The address that it is bound to; undefined when there is none. */
  get sockName(): DatagramAddress | undefined {
    if (!this.port.bound || this.closed) return undefined
    const { address, port } = this.port.dgram.address()
    return { host: address, port }
  }

  /** The address of the other end that it is connected to; undefined when there is none. */
  get peerName(): DatagramAddress | undefined {
    if (!this.port.connected) return undefined
    const { address, port } = this.port.dgram.remoteAddress()
    return { host: address, port }
  }

  /**
   * Binds to an address, so that datagrams come. A socket that sends or connects first is bound to a port that the system
   * chooses.
   *
   * Cancelled or timed out while the system is at it, the socket is closed.
   *
   * @param address - As for `parseAddress`; port 0 lets the system choose. All interfaces and port 0 by default.
   * @param options - `timeoutMs`, `signal`, and `exclusive`: whether workers of `node:cluster` do not share it; false by default.
   * @returns the address that it has got.
   * @throws {GH_INVALID_STATE} when it is bound already; {GH_CLOSED}; {GH_TIMEOUT}; Node's own (`EADDRINUSE`, …).
   */
  bind(
    address: AddressLike = { host: this.family === 4 ? '0.0.0.0' : '::', port: 0 },
    options?: WaitOptions & { readonly exclusive?: boolean | undefined },
  ): Blocking<DatagramAddress> {
    const { host, port } = hostOf(address)
    const { port: outer } = this
    return (
      this.refuse(options) ??
      outer.run<DatagramAddress>(
        'DatagramSocket.bind',
        this.limited(options),
        (done, flight) => {
          outer.resolve(host, flight, done, (ip) => {
            outer.bind(ip, port, options?.exclusive ?? false, (failure) => {
              if (failure !== undefined) done(failure)
              else done(null, this.sockName!)
            })
          })
        },
        () => {
          if (outer.binding) this.close()
        },
      )
    )
  }

  /**
   * Connects to one other end: `send` goes there, and only what comes from there is received. Nothing is sent. Connected
   * already, it changes over, as by `disconnect` first.
   *
   * Cancelled or timed out, it is not connected.
   *
   * @param address - As for `parseAddress`.
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws {GH_CLOSED}; {GH_TIMEOUT}; Node's own (`ENOTFOUND`, …).
   */
  connect(address: AddressLike, options?: WaitOptions): Blocking<void> {
    const { host, port } = hostOf(address)
    const { port: outer } = this
    return (
      this.refuse(options) ??
      outer.run<void>('DatagramSocket.connect', this.limited(options), (done, flight) => {
        outer.resolve(host, flight, done, (ip) => {
          outer.whenBound((failure) => {
            if (failure !== undefined || !flight.alive) return done(failure)
            outer.connect(ip, port, (refusal) => {
              if (!flight.alive && outer.connected) outer.disconnect()
              done(refusal)
            })
          })
        })
      })
    )
  }

  /**
   * Undoes `connect`. Does nothing when it is not connected. A port that the system chose may be another one from then on
   * (Linux gives it back, and chooses anew at the next send).
   */
  disconnect(): void {
    if (this.port.connected) this.port.disconnect()
  }

  /**
   * Sends one datagram to an address. On a connected socket only that of the other end is allowed.
   *
   * Cancelled or timed out, it may be sent all the same. The bytes must not be changed before the call is over.
   *
   * @param data - The whole datagram.
   * @param address - As for `parseAddress`. A name is looked up as by `resolveName`.
   * @param options - `timeoutMs`, `signal`.
   * @returns how many bytes were sent: all.
   * @throws {GH_CLOSED}; {GH_TIMEOUT}; Node's own (`EMSGSIZE` for one that is too long, `ENOTFOUND`, …).
   *
   * Source: greenhouse/io/sockets.py Socket.sendto
   */
  sendTo(data: Uint8Array, address: AddressLike, options?: WaitOptions): Blocking<number> {
    checkBytes('data', data)
    const { host, port } = hostOf(address)
    const { port: outer } = this
    return (
      this.refuse(options) ??
      outer.run<number>('DatagramSocket.sendTo', this.limited(options), (done, flight) => {
        outer.resolve(host, flight, done, (ip) => {
          outer.whenBound((failure) => {
            if (failure !== undefined || !flight.alive) done(failure)
            else outer.send(data, { host: ip, port }, done)
          })
        })
      })
    )
  }

  /**
   * Sends one datagram to the other end of a connected socket; otherwise as `sendTo`.
   *
   * @throws {GH_INVALID_STATE} when it is not connected.
   *
   * Source: greenhouse/io/sockets.py Socket.send
   */
  send(data: Uint8Array, options?: WaitOptions): Blocking<number> {
    checkBytes('data', data)
    const { port: outer } = this
    const refused = this.refuse(options)
    if (refused !== null) return refused
    if (!outer.connected) return fail(notConnected())
    return outer.run<number>('DatagramSocket.send', this.limited(options), (done) =>
      outer.send(data, null, done),
    )
  }

  /**
   * Waits for a datagram, and gives its bytes.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns the whole datagram; a zero-length Buffer is an empty datagram, not an end.
   * @throws {GH_TIMEOUT}; {GH_CLOSED} when the socket is or gets closed; `EAGAIN` in non-blocking mode; Node's own.
   *
   * Source: greenhouse/io/sockets.py Socket.recv
   */
  recv(options?: WaitOptions): Blocking<Buffer> {
    return this.read('DatagramSocket.recv', bytesOf, options)
  }

  /**
   * Waits for a datagram, and gives its bytes and where it came from. Otherwise as `recv`.
   *
   * @example
   * ```ts
   * import { DatagramSocket } from '@greenhouse/io'
   *
   * const socket = new DatagramSocket()
   * const own = await socket.bind('127.0.0.1:0')
   * await socket.sendTo(Buffer.from('to myself'), own)
   * const { data, address } = await socket.recvFrom({ timeoutMs: 5000 })
   * console.log(String(data), address.port === own.port) // => to myself true
   * socket.close()
   * ```
   *
   * Source: greenhouse/io/sockets.py Socket.recvfrom
   */
  recvFrom(options?: WaitOptions): Blocking<Datagram> {
    return this.read('DatagramSocket.recvFrom', whole, options)
  }

  /**
   * Waits for a datagram, and writes it into a buffer; what does not fit is lost. Otherwise as `recv`.
   *
   * @param buffer - Written from its beginning.
   * @returns how many bytes were written.
   *
   * Source: greenhouse/io/sockets.py Socket.recv_into
   */
  recvInto(buffer: Uint8Array, options?: WaitOptions): Blocking<number> {
    checkBytes('buffer', buffer)
    return this.read('DatagramSocket.recvInto', ({ data }) => copy(data, buffer), options)
  }

  /**
   * Waits for a datagram, writes it into a buffer, and tells where it came from. Otherwise as `recv`.
   *
   * @param buffer - Written from its beginning.
   * @returns `bytes`, `truncated`, `address`.
   *
   * Source: greenhouse/io/sockets.py Socket.recvfrom_into
   */
  recvFromInto(buffer: Uint8Array, options?: WaitOptions): Blocking<ReceivedInto> {
    checkBytes('buffer', buffer)
    const form: Form<ReceivedInto> = ({ data, address }) => {
      const bytes = copy(data, buffer)
      return { bytes, truncated: bytes < data.length, address }
    }
    return this.read('DatagramSocket.recvFromInto', form, options)
  }

  /** Datagrams, until the socket is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Datagram, undefined> {
    const next = async (): Promise<IteratorResult<Datagram, undefined>> => {
      try {
        return { done: false, value: await this.recvFrom() }
      } catch (error) {
        if (this.closed && (error as GreenhouseError).code === 'GH_CLOSED')
          return { done: true, value: undefined }
        throw error
      }
    }
    return { next, [Symbol.asyncIterator]: () => this[Symbol.asyncIterator]() }
  }

  /**
   * Sets whether it may send to broadcast addresses; false by default, and then the system says `EACCES`.
   *
   * @throws {GH_INVALID_STATE} when it is not bound; {GH_CLOSED}.
   */
  setBroadcast(flag: boolean): void {
    this.port.demandBound().setBroadcast(flag)
  }

  /**
   * Sets how many hops a datagram may make, 1 to 255.
   *
   * @throws {GH_INVALID_STATE} when it is not bound; {GH_CLOSED}; Node's own.
   */
  setTtl(hops: number): void {
    this.port.demandBound().setTTL(hops)
  }

  /** How long a wait may take that has no `timeoutMs` of its own, in milliseconds; Infinity for as long as it takes. */
  get timeoutMs(): number {
    return this.limitMs
  }

  set timeoutMs(ms: number) {
    checkDelay('timeoutMs', ms)
    this.limitMs = ms
  }

  /** Whether reads wait. */
  get blocking(): boolean {
    return this.waits
  }

  /**
   * Says whether reads wait; when not, they throw `EAGAIN` at once where nothing is there.
   *
   * Source: greenhouse/io/sockets.py Socket.setblocking
   */
  setBlocking(blocking: boolean): void {
    if (typeof blocking !== 'boolean') wrongType('blocking', 'a boolean', blocking)
    this.waits = blocking
  }

  /** Lets the process end although the socket is open. Gives the socket. */
  unref(): this {
    this.port.dgram.unref()
    return this
  }

  /** Undoes `unref`. Gives the socket. */
  ref(): this {
    this.port.dgram.ref()
    return this
  }

  /** Closes it: whatever waits on it gets `GH_CLOSED`, what was not read is gone. A second call does nothing. */
  close(): void {
    if (this.closed) return
    this.port.close()
    this.inbox.clear()
    this.inbox.readers.failAll(() => closedError(WHAT))
    this.changed()
  }

  /** Closes it: for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** Closes it: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** How things stand. */
  statistics(): DatagramStatistics {
    const { received, receivedBytes, dropped, size, sizeBytes, readers } = this.inbox
    const { sent, sentBytes, closed } = this.port
    return {
      received,
      receivedBytes,
      dropped,
      sent,
      sentBytes,
      queued: size,
      queuedBytes: sizeBytes,
      readers: readers.size,
      closed,
    }
  }

  /** @internal */
  read<T>(kind: string, form: Form<T>, options: WaitOptions | undefined): Blocking<T> {
    const refused = this.refuse(options)
    if (refused !== null) return refused
    if (!this.waits && !this.inbox.ready) return fail(systemError('EAGAIN', 'recvmsg'))
    return this.inbox.read(kind, form, this.limited(options))
  }

  /** @internal */
  refuse(options: WaitOptions | undefined): Blocking<never> | null {
    return refuse(options) ?? (this.closed ? fail(closedError(WHAT)) : null)
  }

  /** @internal */
  limited(options: WaitOptions | undefined): WaitOptions | undefined {
    if (this.limitMs === Infinity || options?.timeoutMs !== undefined) return options
    return { timeoutMs: this.limitMs, signal: options?.signal }
  }

  /** @internal */
  changed(): void {
    for (const watcher of [...this.watchers]) watcher()
  }
}

Object.defineProperty(DatagramSocket.prototype, POLLABLE, {
  get(this: DatagramSocket): Pollable {
    return {
      readable: () => this.closed || this.inbox.ready,
      writable: () => true,
      watch: (changed) => {
        this.watchers.add(changed)
        return () => this.watchers.delete(changed)
      },
    }
  },
})

const bytesOf: Form<Buffer> = ({ data }) => data
const whole: Form<Datagram> = (datagram) => datagram

function copy(data: Buffer, into: Uint8Array): number {
  const bytes = Math.min(data.length, into.length)
  into.set(bytes === data.length ? data : data.subarray(0, bytes))
  return bytes
}

function checkBytes(name: string, value: unknown): void {
  if (!(value instanceof Uint8Array)) wrongType(name, 'a Uint8Array', value)
}

function hostOf(address: AddressLike): DatagramAddress {
  const { host, port, path } = parseAddress(address)
  if (path === undefined) return { host, port }
  throw new GreenhouseError('GH_UNSUPPORTED', 'Node has no datagram sockets of UNIX paths')
}

function notConnected(): GreenhouseError {
  return new GreenhouseError(
    'GH_INVALID_STATE',
    'The datagram socket is not connected: connect it, or use `sendTo`',
  )
}
