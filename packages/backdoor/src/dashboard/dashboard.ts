// The dashboard: a web page that the process serves by itself, to see its greenlets live and to act on them.
import type { ServerOptions } from 'node:http'
import type { ServerOptions as TlsServerOptions } from 'node:https'
import type { Socket } from 'node:net'
import { withTimeout, type Blocking, type Steps } from '@greenhouse/scheduler'
import {
  formatAddress,
  serveHttp,
  type Address,
  type AddressLike,
  type HttpServer,
} from '@greenhouse/io'
import {
  checkCount,
  checkDelay,
  checkFunction,
  checkOptions,
  inScope,
  refuse,
  WaitList,
  wrongType,
} from '@greenhouse/scheduler/kernel'
import { bindPrivately, makePrivate, removeStale } from '../core/private-path.ts'
import { placeListener, type Placement } from '../security/address-policy.ts'
import { logWarning } from '../security/log.ts'
import { permissionsOf, type Permission } from '../security/permissions.ts'
import type { TokenAuth } from '../security/token.ts'
import { Feed } from './feed.ts'
import { nameIn } from './guard.ts'
import { loadPageAssets } from './page-assets.ts'
import { Sessions } from './sessions.ts'
import { settled } from './settled.ts'
import { Site } from './site.ts'

/** How a dashboard is served. */
export interface DashboardOptions {
  /** The token that opens it; without, whoever reaches the address is in. */
  readonly auth?: TokenAuth | undefined
  /** Serves it over HTTPS: the options of `https.createServer`. */
  readonly tls?: TlsServerOptions | undefined
  /**
   * What visitors may do: `'act'` ends and interrupts greenlets, `'record'` records what all of them do. `['inspect']`, only to
   * look, by default.
   */
  readonly allow?: readonly Permission[] | undefined
  /** Further names under which it is reached, without ports; the loopback names and the host of the address are known. */
  readonly hosts?: readonly string[] | undefined
  /** Milliseconds between two looks at the greenlets, at least 50; 500 by default. With very many greenlets it looks less often. */
  readonly intervalMs?: number | undefined
  /** How many pages may be open at once, at least 1; 16 by default. */
  readonly maxClients?: number | undefined
  /** Whether it keeps the process alive; by default only when it is called outside greenlets. */
  readonly keepAlive?: boolean | undefined
  /** Called with the address, and what a browser opens (null for a UNIX socket), once it listens. */
  readonly onListening?:
    ((dashboard: { readonly address: string; readonly url: string | null }) => void) | undefined
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
 * @param options - `auth`, `tls`, `allow`, `hosts`, `intervalMs`, `maxClients`, `keepAlive`, `onListening`.
 * @throws {GH_INVALID_ARGUMENT}; {GH_INVALID_STATE} when it may not listen there; Node's own (`EADDRINUSE`, …).
 * @example
 * ```ts
 * import { end, schedule } from '@greenhouse/scheduler'
 * import { runDashboard } from '@greenhouse/backdoor'
 *
 * const dashboard = schedule(() =>
 *   runDashboard('127.0.0.1:0', {
 *     auth: { token: 'correct-horse-battery' },
 *     onListening: ({ url }) => {
 *       console.log(new URL(url!).hostname) // => 127.0.0.1
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
  const allowed = permissionsOf(allow)
  const sessions = auth === undefined ? null : new Sessions(auth, tls !== undefined)
  const placement = placeListener('The dashboard', address, {
    ...options,
    auth: sessions !== null,
    tls: tls !== undefined,
  })
  const names = namesOf(placement.address, hosts)
  const keepAlive = options.keepAlive ?? !inScope()
  const feed = new Feed(intervalMs, maxClients)
  // A native generator: it needs no context of its own.
  return withTimeout(Infinity, function* (): Steps<never> {
    const assets = yield* loadPageAssets()
    const site = new Site({ feed, sessions, allowed, hosts: names, tls: tls !== undefined, assets })
    const server = serveHttp(
      function* (request, response) {
        yield* site.answer(request, response)
      },
      { tls, http: LIMITS, name: 'dashboard' },
    )
    server.server.maxConnections = MOST_CONNECTIONS
    if (!keepAlive) server.server.on('connection', (socket: Socket) => socket.unref())
    try {
      const bound = yield* listenAt(server, placement)
      if (!keepAlive) server.server.unref()
      const text = formatAddress(bound)
      logWarning(placement.warning.replace(formatAddress(placement.address), text))
      const url = bound.path === undefined ? `http${tls === undefined ? '' : 's'}://${text}/` : null
      onListening?.({ address: text, url })
      const forGood = new WaitList<never>('runDashboard')
      return yield* refuse() ?? forGood.park<never>(undefined, undefined, () => {})
    } finally {
      yield* server.stop({ timeoutMs: 0 })
    }
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

function* listenAt(server: HttpServer, { address, exposure }: Placement): Steps<Address> {
  const { path } = address
  if (path === undefined || exposure !== 'user') return yield* server.start(address)
  yield* settled('runDashboard', removeStale(path))
  const bound = yield* bindPrivately(() => server.start(address))
  makePrivate(path)
  return bound
}

/** The names under which it is asked for. */
function namesOf(address: Address, hosts: unknown): ReadonlySet<string> {
  const names = new Set<string>()
  if (!Array.isArray(hosts)) wrongType('options.hosts', 'an array of host names', hosts)
  const own = address.host === undefined ? [] : [address.host]
  for (const host of [...(hosts as unknown[]), ...own]) {
    const bracketed = typeof host === 'string' && host.includes(':') ? `[${host}]` : host
    const name = typeof bracketed === 'string' ? nameIn(bracketed) : null
    if (name === null) wrongType('options.hosts', 'an array of host names', hosts)
    names.add(name)
  }
  return names
}
