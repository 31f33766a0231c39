// From addresses to names, without the thread pool.
import { isIP } from 'node:net'
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { checkOptions, complete, refuse, wrongValue } from '@greenhouse/scheduler/kernel'
import { parseAddress, type AddressLike } from './address.ts'
import { call } from './core/call.ts'
import { ask } from './dns-cache.ts'
import { checkResolveOptions } from './dns-options.ts'
import { isAbsent, nameQuestion } from './dns-question.ts'
import { hosts, services } from './hosts.ts'

/** How an address is looked up. */
export interface NameInfoOptions extends WaitOptions {
  /** Fails with ENOTFOUND where the address has no name; false by default: the address itself is given. */
  readonly nameRequired?: boolean | undefined
  /** Whose services the port is looked up in; `tcp` by default. */
  readonly protocol?: 'tcp' | 'udp' | undefined
  /** Name servers to ask instead of the system's. */
  readonly servers?: readonly string[] | undefined
  /** A hosts file to read instead of the system's. */
  readonly hostsFile?: string | undefined
}

/** What an address is called. */
export interface NameInfo {
  /** The name of the host, or its address where it has none. */
  readonly host: string
  /** The name of the service, or the port as text where it has none. */
  readonly service: string
}

/**
 * Looks up the names of an address and its port: in the hosts and services files, then from name servers.
 *
 * Cancelled or timed out, it stops waiting as `resolveName` does. Nothing is remembered.
 *
 * @param address - A numeric host and a port.
 * @param options - `timeoutMs`, `signal`, `nameRequired`, `protocol`, `servers`, `hostsFile`.
 * @returns `{ host, service }`.
 * @throws Node's own DNS errors, ENOTFOUND only if `nameRequired`; {GH_TIMEOUT}; {GH_INVALID_ARGUMENT}; the signal's reason.
 * @example
 * ```ts
 * import { getNameInfo } from '@greenhouse/io'
 *
 * const { host } = await getNameInfo({ host: '127.0.0.1', port: 80 })
 * console.log(host) // => localhost
 * ```
 *
 * Source: greenhouse/emulation, socket.getnameinfo.
 */
export function getNameInfo(address: AddressLike, options?: NameInfoOptions): Blocking<NameInfo> {
  const { host, port } = parseAddress(address)
  const expected = 'a numeric host and a port'
  if (host === undefined || isIP(host) === 0) wrongValue('address', expected, address)
  checkOptions('options', options)
  const { nameRequired = false, protocol = 'tcp', servers = null, hostsFile } = options ?? {}
  checkResolveOptions({ servers: servers ?? undefined, hostsFile })
  if (protocol !== 'tcp' && protocol !== 'udp') {
    wrongValue('options.protocol', "'tcp' or 'udp'", protocol)
  }
  const refused = refuse(options)
  if (refused !== null) return refused
  const service = services().names.get(`${port}/${protocol}`) ?? String(port)
  const known = hosts(hostsFile).names.get(host)
  if (known !== undefined) return complete({ host: known, service })
  // A name server knows nothing of the interface in `fe80::1%eth0`.
  const plain = host.replace(/%.*/, '')
  const key = `names of ${plain} ${servers?.join(',') ?? ''}`
  return call<NameInfo>('getNameInfo', options, (done) =>
    ask<string[]>(key, servers, nameQuestion(plain), (error, names) => {
      if (error === null && names!.length > 0) done(null, { host: names![0]!, service })
      else if (error !== null && (nameRequired || !isAbsent(error))) done(error)
      else done(null, { host, service })
    }),
  )
}
