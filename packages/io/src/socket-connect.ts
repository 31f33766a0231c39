// How a connection is made: the Node socket, its way to the peer, and what is undone when nobody waits for it any more.
import { isIP, type LookupFunction, type TcpNetConnectOpts } from 'node:net'
import type { LookupAddress } from 'node:dns'
import { checkCount, checkDelay, wrongValue } from '@greenhouse/scheduler/kernel'
import type { Address } from './address.ts'
import type { Done } from './core/call.ts'
import { resolveName } from './resolve-name.ts'
import { closedError } from './socket-errors.ts'
import type { ConnectOptions } from './socket-options.ts'
import { Wire, type WireOwner } from './socket-wire.ts'

/** Checks options as far as Node would not. */
export function checkConnectOptions(options: ConnectOptions | undefined): void {
  if (options === undefined) return
  const { family, attemptMs, keepAlive } = options
  if (family !== undefined && family !== 4 && family !== 6) {
    wrongValue('options.family', '4 or 6', family)
  }
  if (attemptMs !== undefined) checkCount('options.attemptMs', attemptMs, 10)
  if (typeof keepAlive === 'number') checkDelay('options.keepAlive', keepAlive)
}

/** Connects a wire; `done` gets it when it is open. Gives the wire, to be destroyed when nobody waits any more. */
export function openWire(
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
