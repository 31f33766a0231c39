// The dashboard: a web page that the process serves by itself, to see its greenlets live and to act on them.
import type { ServerOptions } from 'node:http'
import type { ServerOptions as TlsServerOptions } from 'node:https'
import { isMainThread } from 'node:worker_threads'
import { withTimeout, type Blocking, type Steps } from '@greenhouse/scheduler'
import { serveHttp, type Address, type AddressLike, type HttpServer } from '@greenhouse/io'
import {
  checkCount,
  checkDelay,
  checkFunction,
  checkOptions,
  WaitList,
  wrongType,
} from '@greenhouse/scheduler/kernel'
import { placeListener, type Placement } from '../security/address-policy.ts'
import { logWarning } from '../security/log.ts'
import type { TokenAuth } from '../security/token.ts'
import { Feed } from './feed.ts'
import { nameIn } from './guard.ts'
import { loadPageAssets } from './page-assets.ts'
import { checkRights, type DashboardRight } from './rights.ts'
import { Sessions } from './sessions.ts'
import { Site } from './site.ts'

/** How a dashboard is served. */
export interface DashboardOptions {
  /** The token that opens it; without, whoever reaches the address is in. */
  readonly auth?: TokenAuth | undefined
  /** Serves it over HTTPS: the options of `https.createServer`. */
  readonly tls?: TlsServerOptions | undefined
  /** What visitors may do; `['inspect']`, only to look, by default. */
  readonly allow?: readonly DashboardRight[] | undefined
  /** Further names under which it is reached, without ports; the loopback names and the host of the address are known. */
  readonly hosts?: readonly string[] | undefined
  /** Milliseconds between two looks at the greenlets, at least 50; 500 by default. With very many greenlets it looks less often. */
  readonly intervalMs?: number | undefined
  /** How many pages may be open at once, at least 1; 16 by default. */
  readonly maxClients?: number | undefined
  /** Called with the address, once it listens. */
  readonly onListening?: ((address: Address) => void) | undefined
  /** Listens on the network although whoever can read the wire reads everything, the token too; false by default. */
  readonly unsafeAllowRemoteWithoutTls?: boolean | undefined
  /** Listens on the network although whoever can reach it may do everything that `allow` says; false by default. */
  readonly unsafeAllowRemoteWithoutAuth?: boolean | undefined
}

/**
 * Serves the dashboard until the greenlet that calls it is ended.
 *
 * The page shows every greenlet with what it waits for, a timeline, loop lag and throughput, pools, queues and locks. It costs
 * nothing while no page is open, and at most a hundredth of the process's time for looking while one is. Ended, it cuts its
 * connections and stops listening.
 *
 * @param address - As for `parseAddress`. Any but a UNIX socket and the loopback interface needs `auth` and `tls`.
 * @param options - `auth`, `tls`, `allow`, `hosts`, `intervalMs`, `maxClients`, `onListening`.
 * @throws {GH_INVALID_ARGUMENT}; {GH_INVALID_STATE} when it may not listen there; Node's own (`EADDRINUSE`, …).
 * @example
 * ```ts
 * import { end, schedule } from '@greenhouse/scheduler'
 * import { runDashboard } from '@greenhouse/backdoor'
 *
 * const dashboard = schedule(() =>
 *   runDashboard('127.0.0.1:0', {
 *     auth: { token: 'correct-horse-battery' },
 *     onListening: ({ host }) => {
 *       console.log(host) // => 127.0.0.1
 *       end(dashboard)
 *     },
 *   }),
 * )
 * await dashboard.join().catch((error) => console.log(error.code)) // => GH_EXIT
 * ```
 */
export function runDashboard(
  address: AddressLike,
  options: DashboardOptions = {},
): Blocking<never> {
  checkOptions('options', options)
  const { auth, tls, allow = ['inspect'], intervalMs = 500, maxClients = 16 } = options
  const { hosts = [], onListening } = options
  checkDelay('options.intervalMs', intervalMs)
  checkCount('options.intervalMs', Math.floor(Math.min(intervalMs, 1e9)), 50)
  checkCount('options.maxClients', maxClients, 1)
  checkOptions('options.tls', tls)
  if (onListening !== undefined) checkFunction('options.onListening', onListening)
  const rights = checkRights(allow)
  const sessions = auth === undefined ? null : new Sessions(auth, tls !== undefined)
  const place = (where: AddressLike): Placement =>
    placeListener('The dashboard', where, {
      auth: sessions !== null,
      tls: tls !== undefined,
      unsafeAllowRemoteWithoutTls: options.unsafeAllowRemoteWithoutTls,
      unsafeAllowRemoteWithoutAuth: options.unsafeAllowRemoteWithoutAuth,
    })
  const placement = place(address)
  const names = namesOf(placement.address, hosts)
  const feed = new Feed(intervalMs, maxClients)
  // A native generator: it needs no context of its own.
  return withTimeout(Infinity, function* (): Steps<never> {
    const assets = yield* loadPageAssets()
    const site = new Site({ feed, sessions, rights, hosts: names, tls: tls !== undefined, assets })
    const server = serveHttp(
      function* (request, response) {
        yield* site.answer(request, response)
      },
      { tls, http: LIMITS, name: 'dashboard' },
    )
    server.server.maxConnections = MOST_CONNECTIONS
    try {
      const actual = yield* startPrivately(server, placement.address)
      logWarning(place(actual).warning)
      onListening?.(actual)
      yield* new WaitList<never>('runDashboard').park<never>(undefined, undefined, () => {})
    } finally {
      yield* server.stop({ timeoutMs: 0 })
    }
    throw new Error('unreachable: nobody wakes the wait above')
  })
}

/** What anybody can send before a token is asked for is small, and comes soon. */
const LIMITS: ServerOptions = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 1000,
}
const MOST_CONNECTIONS = 128

/** The file of a UNIX socket is its user's alone from the first moment on. */
function startPrivately(server: HttpServer, address: Address): Blocking<Address> {
  if (address.path === undefined || process.platform === 'win32' || !isMainThread) {
    return server.start(address)
  }
  const before = process.umask(0o177)
  try {
    return server.start(address)
  } finally {
    process.umask(before)
  }
}

/** The names under which it is asked for. */
function namesOf(address: Address, hosts: unknown): ReadonlySet<string> {
  const names = new Set<string>()
  if (!Array.isArray(hosts)) wrongType('options.hosts', 'an array of host names', hosts)
  for (const host of [
    ...(hosts as unknown[]),
    ...(address.host === undefined ? [] : [address.host]),
  ]) {
    const bracketed = typeof host === 'string' && host.includes(':') ? `[${host}]` : host
    const name = typeof bracketed === 'string' ? nameIn(bracketed) : null
    if (name === null) wrongType('options.hosts', 'an array of host names', hosts)
    names.add(name)
  }
  return names
}
