// What is refused before anything is looked at: requests under a foreign name (DNS rebinding), and requests that another site
// made the browser send. Every answer tells the browser to run nothing but the page's own files.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { isLoopback } from '../security/address-policy.ts'

/** A refusal: what to answer. */
export interface Refusal {
  readonly status: number
  readonly message: string
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/** On every answer. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // `no-referrer` would make the browser hide the origin of the login form.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** Sets the headers of every answer. */
export function armour(response: ServerResponse): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
}

/** Says why a request is not even looked at; null when it may go on. */
export function refusalOf(
  request: IncomingMessage,
  hosts: ReadonlySet<string>,
  tls: boolean,
): Refusal | null {
  const { host, origin } = request.headers
  const site = request.headers['sec-fetch-site']
  if (host === undefined || !isOurs(host, hosts)) {
    return { status: 421, message: 'This host name is not one of the dashboard (option `hosts`)' }
  }
  if (origin !== undefined && !isSame(origin, host, tls)) return FOREIGN
  // A page of another port of the same host is "same-site", and as foreign.
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return opensPage(request) ? null : FOREIGN
  }
  // What changes something says where it comes from; browsers always do, and scripts have a token.
  if (request.method !== 'GET' && origin === undefined && site === undefined) {
    if (request.headers.authorization === undefined) return FOREIGN
  }
  return null
}

const FOREIGN: Refusal = { status: 403, message: 'Requests of other sites are refused' }

/** A proxy in front may speak TLS for it. */
function isSame(origin: string, host: string, tls: boolean): boolean {
  return origin === `https://${host}` || (!tls && origin === `http://${host}`)
}

/** Following a link from elsewhere may show the page (or the login): the strict cookie is not sent along. */
function opensPage({ method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    url === '/' &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document'
  )
}

/** The port does not matter: it may be forwarded, and an attacker's name is wrong on each. */
function isOurs(host: string, hosts: ReadonlySet<string>): boolean {
  const name = nameIn(host)
  if (name === null) return false
  return hosts.has(name) || name === 'localhost' || (isIP(name) !== 0 && isLoopback(name))
}

/** The name in a Host header, in lower case and without brackets; null when it is none. */
export function nameIn(host: string): string | null {
  const found = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(host)
  return found === null ? null : (found[1] ?? found[2]!).toLowerCase()
}
