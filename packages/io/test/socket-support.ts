// Connected sockets of every kind, and the count of what a test leaves behind.
import { readdirSync, readFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { statistics } from '@greenhouse/scheduler'
import { connect, listen } from '@greenhouse/io'
import type { AddressLike, ConnectOptions, Listener, ListenOptions, Socket } from '@greenhouse/io'
import { afterEach, beforeEach, expect } from 'vitest'

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8')

/** The certificates of the tests, whose authority is `ca`. */
export const CERTS: Record<'ca' | 'server' | 'other' | 'client', { cert: string; key: string }> = {
  ca: { cert: fixture('ca-cert.pem'), key: '' },
  server: { cert: fixture('server-cert.pem'), key: fixture('server-key.pem') },
  other: { cert: fixture('other-cert.pem'), key: fixture('other-key.pem') },
  client: { cert: fixture('client-cert.pem'), key: fixture('client-key.pem') },
}

/** A way for two sockets to be connected. */
export interface Transport {
  readonly name: string
  /** A new address to listen on. */
  readonly address: () => AddressLike
  readonly listen: ListenOptions
  readonly connect: ConnectOptions
}

let paths = 0
const plain = { listen: {}, connect: {} }
const has6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

export const TRANSPORTS: readonly Transport[] = [
  { name: 'IPv4', address: () => '127.0.0.1:0', ...plain },
  ...(has6 ? [{ name: 'IPv6', address: () => '[::1]:0', ...plain }] : []),
  {
    name: 'UNIX',
    address: () => ({ path: join(tmpdir(), `greenhouse-${process.pid}-${++paths}.sock`) }),
    ...plain,
  },
  {
    name: 'TLS',
    address: () => '127.0.0.1:0',
    listen: { tls: CERTS.server },
    connect: { tls: { ca: CERTS.ca.cert } },
  },
]

/** What is closed at the end of the test. */
const open: { close(): void }[] = []

/** Has something closed at the end of the test. */
export function closing<T extends { close(): void }>(it: T): T {
  open.push(it)
  return it
}

/** A listener of this kind. */
export async function listening(
  { address, listen: options }: Transport,
  more: ListenOptions = {},
): Promise<Listener> {
  return closing(await listen(address(), { ...options, ...more }))
}

/** Two connected sockets: the client and the peer of it. */
export async function pair(
  transport: Transport = TRANSPORTS[0]!,
  options: ConnectOptions = {},
): Promise<[Socket, Socket]> {
  const listener = await listening(transport)
  const [peer, socket] = await Promise.all([
    listener.accept(),
    connect(listener.address, { ...transport.connect, ...options }),
  ])
  await peer.handshake()
  listener.close()
  return [closing(socket), closing(peer)]
}

/** What there is of everything that must not be left behind. */
export function holdings(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) {
    if (name !== 'Immediate') counts[name] = (counts[name] ?? 0) + 1
  }
  counts['greenlets'] = statistics().greenlets
  counts['timers of greenlets'] = statistics().timers
  if (process.platform === 'linux') counts['descriptors'] = readdirSync('/proc/self/fd').length
  return counts
}

/** What there is more than there was, once everything had the time to go. */
export async function leftOver(before: Record<string, number>): Promise<Record<string, number>> {
  const deadline = performance.now() + 3000
  for (;;) {
    const now = Object.entries(holdings())
    const more = now.filter(([name, count]) => count > (before[name] ?? 0))
    if (more.length === 0 || performance.now() > deadline) return Object.fromEntries(more)
    await turn()
  }
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Closes what a test has opened, and fails the test when anything is left: for the top of a test file. */
export function leavesNothing(): void {
  let before: Record<string, number> = {}
  beforeEach(() => {
    before = holdings()
  })
  afterEach(async () => {
    for (const each of open.splice(0)) each.close()
    expect(await leftOver(before)).toEqual({})
  })
}
