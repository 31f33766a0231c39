// From names to addresses, without the thread pool: the hosts file, then name servers by c-ares.
import { isIP } from 'node:net'
import type { Blocking } from '@greenhouse/scheduler'
import { complete, fail, refuse, wrongType, wrongValue } from '@greenhouse/scheduler/kernel'
import { call } from './core/call.ts'
import { ask, remembered } from './dns-cache.ts'
import { checkResolveOptions, familiesOf, type ResolveOptions } from './dns-options.ts'
import { addressQuestion, noSuchName } from './dns-question.ts'
import { asciiName, hosts, nameRules, services } from './hosts.ts'

/** One address that a host and port stand for. */
export interface AddrInfo {
  /** A numeric address. */
  readonly host: string
  readonly port: number
  readonly family: 4 | 6
}

/**
 * Looks up the addresses of a name: numeric addresses pass through, then the hosts file is asked, then name servers.
 *
 * Never occupies the thread pool, so that a server that does not answer delays nothing else. Equal lookups at one time ask once;
 * answers are remembered for the time that they are valid (512 of them), failures are not. `localhost` and names under it are
 * this machine whatever a server says. Cancelled or timed out, it stops waiting, and the last who waits withdraws the question.
 *
 * Other sources of nsswitch.conf (mDNS, LDAP) are not asked: use `wait(dns.promises.lookup(name))` for these.
 *
 * @param name - A host name, a numeric address, or null for 127.0.0.1 (`::1` where only IPv6 is wanted).
 * @param options - `timeoutMs`, `signal`, `family`, `order`, `servers`, `search`, `hostsFile`.
 * @returns the addresses, at least one.
 * @throws Node's own DNS errors: ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT (when c-ares gives up) …; {GH_TIMEOUT};
 *   {GH_INVALID_ARGUMENT}; the signal's reason.
 * @example
 * ```ts
 * import { resolveName } from '@greenhouse/io'
 *
 * console.log(await resolveName('localhost', { family: 4 })) // => [ '127.0.0.1' ]
 * console.log(await resolveName('::1')) // => [ '::1' ]
 * ```
 *
 * Source: greenhouse/ext/dns.py resolve. Differs: IPv6 too, all addresses, remembered no longer than they are valid.
 */
export function resolveName(name: string | null, options?: ResolveOptions): Blocking<string[]> {
  return lookUp('resolveName', name, options, (address) => address)
}

/**
 * Looks up where a host and a service are, as `resolveName` does: addresses to connect to, best first.
 *
 * @param host - As for `resolveName`.
 * @param port - 0 to 65535, or the name of a service in the system's services file.
 * @param options - As for `resolveName`.
 * @returns `{ host, port, family }` of each address, at least one.
 * @throws as `resolveName`; an unknown service is a {GH_INVALID_ARGUMENT}.
 * @example
 * ```ts
 * import { getAddrInfo } from '@greenhouse/io'
 *
 * console.log(await getAddrInfo('127.0.0.1', 80)) // => [ { host: '127.0.0.1', port: 80, family: 4 } ]
 * ```
 *
 * Source: greenhouse/emulation, socket.getaddrinfo. Differs: honours the family; services are those of stream sockets.
 */
export function getAddrInfo(
  host: string | null,
  port: number | string,
  options?: ResolveOptions,
): Blocking<AddrInfo[]> {
  const number = portOf(port)
  return lookUp('getAddrInfo', host, options, (address) => ({
    host: address,
    port: number,
    family: isIP(address) as 4 | 6,
  }))
}

function lookUp<T>(
  kind: string,
  name: string | null,
  given: ResolveOptions | undefined,
  convert: (address: string) => T,
): Blocking<T[]> {
  const options = checkResolveOptions(given)
  checkName(name)
  const refused = refuse(given)
  if (refused !== null) return refused
  const families = familiesOf(options)
  if (name === null)
    return complete([convert(families[0] === 4 || families.length === 2 ? '127.0.0.1' : '::1')])
  const plain = isIP(name) === 0 ? asciiName(name) : name
  const version = isIP(plain)
  if (version !== 0) {
    if (families.includes(version as 4 | 6)) return complete([convert(plain)])
    return fail(noSuchName(name))
  }
  const local = localAddresses(plain, families, options.hostsFile)
  if (local.length > 0) return complete(local.map(convert))
  const names = candidates(plain, options)
  const servers = options.servers ?? null
  const key = [families.join(''), servers?.join(',') ?? '', ...names].join(' ')
  const known = remembered<string[]>(key)
  if (known !== undefined) return complete(known.map(convert))
  return call<T[]>(kind, given, (done) =>
    ask<string[]>(key, servers, addressQuestion(plain, names, families), (error, addresses) =>
      error === null ? done(null, addresses!.map(convert)) : done(error),
    ),
  )
}

/** What the hosts file says, or what `localhost` is where it says nothing. */
function localAddresses(
  name: string,
  families: readonly (4 | 6)[],
  hostsFile: string | undefined,
): string[] {
  const plain = name.endsWith('.') ? name.slice(0, -1) : name
  const isLocal = plain === 'localhost' || plain.endsWith('.localhost')
  const found = hosts(hostsFile).addresses.get(plain) ?? (isLocal ? LOOPBACK : [])
  return families.flatMap((family) => {
    const fitting = found.filter((address) => isIP(address) === family)
    return fitting.length === 0 && isLocal && families.length === 1
      ? [family === 4 ? '127.0.0.1' : '::1']
      : fitting
  })
}

const LOOPBACK = ['127.0.0.1', '::1']

/** The names to ask for, one after another. */
function candidates(name: string, { servers, search }: ResolveOptions): string[] {
  if (name.endsWith('.')) return [name]
  const rules = nameRules()
  const domains = search ?? (servers === undefined ? rules.search : [])
  const longer = domains.map((domain) => `${name}.${domain}`)
  const enough = name.split('.').length > rules.dots
  return enough ? [name, ...longer] : [...longer, name]
}

function checkName(name: unknown): void {
  if (name === null) return
  if (typeof name !== 'string') wrongType('name', 'a host name, a numeric address or null', name)
  if (name === '') wrongValue('name', 'a host name, a numeric address or null', name)
}

function portOf(port: unknown): number {
  const expected = 'a port from 0 to 65535 or the name of a service'
  if (typeof port === 'string') {
    const number = /^\d+$/.test(port) ? Number(port) : services().ports.get(port)
    if (number === undefined) wrongValue('port', expected, port)
    return portOf(number)
  }
  if (typeof port !== 'number') wrongType('port', expected, port)
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) wrongValue('port', expected, port)
  return port
}
