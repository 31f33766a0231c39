// How a connection is made: the Node socket, its way to the peer, and what is undone when nobody waits for it any more.
import type { LookupAddress } from 'node:dns'
import { isIP, type LookupFunction, type TcpNetConnectOpts } from 'node:net'
import type { Blocking } from '@greenhouse/scheduler'
import {
  checkCount,
  checkDelay,
  checkOptions,
  fail,
  refuse,
  wrongValue,
} from '@greenhouse/scheduler/kernel'
import { parseAddress, type Address, type AddressLike } from './address.ts'
import { call, type Done, type Start } from './core/call.ts'
import { resolveName } from './resolve-name.ts'
import { closedError, systemError } from './socket-errors.ts'
import type { ConnectOptions } from './socket-options.ts'
import { CONNECTING, NEW, RELEASED } from './socket-stream.ts'
import type { Socket } from './socket.ts'
import { Wire, type WireOwner } from './socket-wire.ts'

/** Checks options as far as Node would not. */
function checkConnectOptions(options: ConnectOptions | undefined): void {
  if (options === undefined) return
  const { family, attemptMs, keepAlive } = options
  if (family !== undefined && family !== 4 && family !== 6) {
    wrongValue('options.family', '4 or 6', family)
  }
  if (attemptMs !== undefined) checkCount('options.attemptMs', attemptMs, 10)
  if (typeof keepAlive === 'number') checkDelay('options.keepAlive', keepAlive)
}

/** Connects a socket that is new; gives `result` when it is open, after the handshake where it speaks TLS. */
export function connectSocket<T>(
  socket: Socket,
  kind: string,
  address: AddressLike,
  options: ConnectOptions,
  result: T,
): Blocking<T> {
  const parsed = parseAddress(address)
  checkOptions('options', options)
  checkConnectOptions(options)
  if (parsed.port === 0) wrongValue('address', 'an address with a port of at least 1', address)
  const refused = refuse(options)
  if (refused !== null) return refused
  if (socket.state >= RELEASED) return fail(socket.closedError())
  if (socket.state !== NEW) {
    return fail(systemError(socket.state === CONNECTING ? 'EINPROGRESS' : 'EISCONN', 'connect'))
  }
  const { bound } = socket
  const { tls = false } = options
  const where =
    bound?.host === undefined
      ? options
      : { localHost: bound.host, localPort: bound.port, ...options }
  const start: Start<T> = (done) => {
    socket.state = CONNECTING
    socket.raw = openWire(socket, parsed, where, (error, wire) => {
      if (socket.state >= RELEASED) return done(socket.closedError())
      if (wire === undefined) {
        socket.state = NEW
        socket.raw = null
        return done(error)
      }
      if (parsed.path !== undefined) socket.names = { peer: parsed }
      socket.host = parsed.host
      socket.opened(wire)
      if (tls === false) return done(null, result)
      socket.beginTls(tls === true ? {} : tls, (failure) => {
        if (failure === null) return done(null, result)
        socket.close()
        done(failure)
      })
    })
    return () => socket.close()
  }
  if (socket.blocks) return call(kind, socket.limited(options), start, () => socket.close())
  start(() => {})
  return fail(systemError('EINPROGRESS', 'connect'))
}

/** Connects a wire; `done` gets it when it is open. Gives the wire, to be destroyed when nobody waits any more. */
function openWire(
  owner: WireOwner,
  address: Address,
  options: ConnectOptions,
  done: Done<Wire>,
): Wire {
  const wire = new Wire(new Opening(owner, done))
  wire.once('connect', () => {
    wire.owner = owner
    if (address.path === undefined) setOptions(wire, options)
    done(null, wire)
  })
  if (address.path !== undefined) wire.connect({ path: address.path })
  else wire.connect(tcpOptions(address, options))
  return wire
}

/** Applies the options of an open TCP connection. */
export function setOptions(
  wire: Wire,
  { noDelay = true, keepAlive = false }: Pick<ConnectOptions, 'noDelay' | 'keepAlive'>,
): void {
  if (noDelay) wire.setNoDelay(true)
  if (keepAlive !== false) wire.setKeepAlive(true, keepAlive === true ? undefined : keepAlive)
}

function tcpOptions(
  { host, port }: Address & { host: string },
  options: ConnectOptions,
): TcpNetConnectOpts {
  const { family, attemptMs, localHost, localPort, lookup = lookUp } = options
  const chosen: TcpNetConnectOpts = { host, port, lookup, autoSelectFamily: family === undefined }
  if (family !== undefined) chosen.family = family
  if (attemptMs !== undefined) chosen.autoSelectFamilyAttemptTimeout = attemptMs
  if (localHost !== undefined) {
    // Addresses of the other family cannot be reached from there.
    chosen.localAddress = localHost
    chosen.autoSelectFamily = false
    if (family === undefined && isIP(localHost) !== 0) chosen.family = isIP(localHost)
  }
  if (localPort !== undefined) chosen.localPort = localPort
  return chosen
}

/** The lookup of names in the form that Node asks for. */
const lookUp: LookupFunction = (name, { all, family }, callback) => {
  const wanted = family === 4 || family === 6 ? { family } : undefined
  resolveName(name, wanted as { family?: 4 | 6 } | undefined).then(
    (addresses) => {
      const found = addresses.map((address): LookupAddress => ({ address, family: isIP(address) }))
      if (all === true) callback(null, found)
      else callback(null, found[0]!.address, found[0]!.family)
    },
    (error: NodeJS.ErrnoException) => callback(error, all === true ? [] : ''),
  )
}

/** Hears of a wire that is not open yet: only of its end. */
class Opening implements WireOwner {
  readonly owner: WireOwner
  readonly done: Done<Wire>

  constructor(owner: WireOwner, done: Done<Wire>) {
    this.owner = owner
    this.done = done
  }

  received(bytes: Uint8Array, length: number): boolean {
    return this.owner.received(bytes, length)
  }

  receivedOwn(chunk: Buffer): boolean {
    return this.owner.receivedOwn(chunk)
  }

  endCame(): void {
    this.owner.endCame()
  }

  lost(error: Error | null): void {
    this.done(error ?? closedError('socket'))
  }
}
