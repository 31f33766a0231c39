// Where a backdoor or dashboard may listen, and on what terms: a UNIX socket of one's own and the loopback interface freely,
// everything else only with authentication and TLS. Names are never looked up: what is no loopback address is remote.
import { BlockList, isIP } from 'node:net'
import { GreenhouseError } from '@greenhouse/scheduler'
import { formatAddress, parseAddress, type Address, type AddressLike } from '@greenhouse/io'

/** Who can reach an address: processes of one user, of one machine, or of the network. */
export type Exposure = 'user' | 'machine' | 'network'

/** What protects what listens, and what its owner gives up on purpose. */
export interface Protection {
  /** Whether clients authenticate. */
  readonly auth: boolean
  /** Whether TLS is spoken. */
  readonly tls: boolean
  /** Listens on the network although whoever can read the wire reads everything, the token too; false by default. */
  readonly unsafeAllowRemoteWithoutTls?: boolean | undefined
  /** Listens on the network although whoever can reach it may do everything; false by default. */
  readonly unsafeAllowRemoteWithoutAuth?: boolean | undefined
}

/** What was decided of an address. */
export interface Placement {
  /** The address to listen on: `localhost` has become `127.0.0.1`. */
  readonly address: Address
  readonly exposure: Exposure
  /** What the log has to say at the start. */
  readonly warning: string
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/**
 * Decides whether something that lets people into the process may listen at an address.
 *
 * @param what - "The backdoor", for messages.
 * @param address - As for `parseAddress`.
 * @param protection - What there is of authentication and TLS.
 * @returns the address to use, who can reach it, and the warning that is due.
 * @throws {GH_INVALID_ARGUMENT} for no address; {GH_INVALID_STATE} when it may not listen there.
 */
export function placeListener(
  what: string,
  address: AddressLike,
  protection: Protection,
): Placement {
  const parsed = parseAddress(address)
  const exposure = exposureOf(parsed)
  const lacks = [...(protection.auth ? [] : ['authentication']), ...(protection.tls ? [] : ['TLS'])]
  if (exposure === 'network') {
    const refused = [
      ...(protection.auth || protection.unsafeAllowRemoteWithoutAuth === true
        ? []
        : ['authentication (option `auth`)']),
      ...(protection.tls || protection.unsafeAllowRemoteWithoutTls === true
        ? []
        : ['TLS (option `tls`)']),
    ]
    if (refused.length > 0) {
      throw new GreenhouseError(
        'GH_INVALID_STATE',
        `${what} does not listen on ${formatAddress(parsed)}, which the network can reach, without ${refused.join(' and ')}. ` +
          'Use a UNIX socket or 127.0.0.1 (through `ssh -L` from elsewhere), or give what is missing.',
      )
    }
  }
  const bound = bindable(parsed)
  const without = lacks.length === 0 ? '' : `, without ${lacks.join(' or ')}`
  return {
    address: bound,
    exposure,
    warning: `${what} is open at ${formatAddress(bound)}: ${REACH[exposure]} can reach it${without}`,
  }
}

/** Who can reach an address. */
export function exposureOf(address: Address): Exposure {
  // An abstract name and a named pipe have no file mode that would keep other users out.
  if (address.path !== undefined) {
    return address.path.startsWith('\0') || process.platform === 'win32' ? 'machine' : 'user'
  }
  return isLoopback(address.host) ? 'machine' : 'network'
}

/** Whether a host is this machine by its very address: `localhost`, 127.0.0.0/8 or ::1. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  const family = isIP(host)
  return family !== 0 && loopback.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

const REACH: Record<Exposure, string> = {
  user: 'every process of this user',
  machine: 'every user of this machine',
  network: 'everybody on the network',
}

/** A name that stands for loopback by custom is not left to a resolver. */
function bindable(address: Address): Address {
  if (address.path !== undefined || address.host.toLowerCase() !== 'localhost') return address
  return { host: '127.0.0.1', port: address.port }
}
