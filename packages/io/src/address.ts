// Where a socket is or goes: a host and a port, or the path of a UNIX socket. Every function that takes an address takes
// its text and its object alike; what comes back is always the object.
import { wrongType, wrongValue } from '@greenhouse/scheduler/kernel'

/** A host and a port, or the path of a UNIX socket (a named pipe on Windows). */
export type Address =
  | {
      /** A name, an IPv4 or an IPv6 address, without brackets. */
      readonly host: string
      /** 0 to 65535; 0 lets the system choose where something is bound. */
      readonly port: number
      readonly path?: undefined
    }
  | {
      /** The path; on Linux one that begins with a zero byte is an abstract name. */
      readonly path: string
      readonly host?: undefined
      readonly port?: undefined
    }

/** What is taken for an address: `8080`, `'example.org:80'`, `'[::1]:80'`, `'unix:/run/app.sock'`, or an `Address`. */
export type AddressLike = Address | string | number

/**
 * Reads an address.
 *
 * @param address - A port of this machine (`localhost`), `'host:port'` (an IPv6 host in brackets), `':port'` (all interfaces,
 *   `::`), `'unix:/path'`, or an address already, which is checked.
 * @returns a plain address.
 * @throws {GH_INVALID_ARGUMENT} when it is none of these (TypeError), or its port is not in 0 to 65535 (RangeError).
 * @example
 * ```ts
 * import { parseAddress } from '@greenhouse/io'
 *
 * console.log(parseAddress('[::1]:80')) // => { host: '::1', port: 80 }
 * console.log(parseAddress('unix:/run/app.sock')) // => { path: '/run/app.sock' }
 * console.log(parseAddress(8080)) // => { host: 'localhost', port: 8080 }
 * ```
 */
export function parseAddress(address: AddressLike): Address {
  if (typeof address === 'number') return { host: 'localhost', port: checkPort(address, address) }
  if (typeof address === 'string') return parseText(address)
  if (typeof address !== 'object' || address === null) wrongType('address', EXPECTED, address)
  const { path, host, port } = address
  if (typeof path === 'string' && host === undefined && port === undefined) {
    return { path: checkPath(path, address) }
  }
  if (path !== undefined || typeof host !== 'string') wrongType('address', EXPECTED, address)
  if (host === '') wrongValue('address', 'an address with a host', address)
  return { host, port: checkPort(port, address) }
}

/**
 * Writes an address as text that `parseAddress` reads.
 *
 * @throws {GH_INVALID_ARGUMENT} as `parseAddress`.
 * @example
 * ```ts
 * import { formatAddress } from '@greenhouse/io'
 *
 * console.log(formatAddress({ host: '::1', port: 80 })) // => [::1]:80
 * console.log(formatAddress({ path: '/run/app.sock' })) // => unix:/run/app.sock
 * ```
 */
export function formatAddress(address: AddressLike): string {
  const { path, host, port } = parseAddress(address)
  if (path !== undefined) return `unix:${path}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

const EXPECTED = "a port, 'host:port', '[IPv6]:port', 'unix:/path', { host, port } or { path }"
const TEXT = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/

function parseText(text: string): Address {
  if (text.startsWith('unix:')) return { path: checkPath(text.slice(5), text) }
  const [, bracketed, plain, port] = TEXT.exec(text) ?? wrongValue('address', EXPECTED, text)
  return { host: bracketed ?? (plain || '::'), port: checkPort(Number(port), text) }
}

function checkPath(path: string, whole: unknown): string {
  // Inside, a zero byte would cut the path short.
  if (path === '' || path.indexOf('\0', 1) !== -1) {
    wrongValue('address', 'a path that is not empty and holds no zero byte', whole)
  }
  return path
}

function checkPort(port: unknown, whole: unknown): number {
  const expected = 'an address with a port that is an integer from 0 to 65535'
  if (typeof port !== 'number') wrongType('address', expected, whole)
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    wrongValue('address', expected, whole)
  }
  return port
}
