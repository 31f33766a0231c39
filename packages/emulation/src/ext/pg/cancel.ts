// Cancels what a client runs: a request on a connection of its own names the backend, not the query. So the client
// sends nothing more until that connection has closed: a cancel that comes late must meet an idle backend, not the
// next query. A busy server may hear of it before the query, and does nothing then: it is asked again.
import { outsideScopes } from '@greenhouse/scheduler/kernel'
import type { PgClient, PgLibrary, Submittable } from './types.ts'

/** Milliseconds without a word from the server after which its connection is given up. */
const PATIENCE_MS = 5000

/** Milliseconds until a cancel of which nothing came is sent again; twice as many each time. */
const PAUSE_MS = 100
/** How often that is done. */
const AGAIN = 6

/** Clients with a query that was cancelled since they were last found idle. */
const interrupted = new WeakSet<PgClient>()

/** Whether they are in a transaction, as the server says after each query: `I` when not. */
const statuses = new WeakMap<PgClient, string>()

/** Takes a query off the queue, or cancels it on the server when it runs. */
export function interruptQuery(library: PgLibrary, client: PgClient, query: Submittable): void {
  const queue = client._queryQueue ?? client.queryQueue
  const at = queue.indexOf(query)
  if (at !== -1) queue.splice(at, 1)
  // Queries of a pipeline run in one go: a cancel could meet any of them.
  else if (runs(client, query) && client.pipeline !== true) cancel(library, client, query)
}

/** Whether a released client may serve the next caller: it is idle, outside a transaction, and no cancel is under way. */
export function reusable(client: PgClient): boolean {
  if (!interrupted.has(client)) return true
  const idle = client.readyForQuery === true && statuses.get(client) === 'I'
  if (!idle || isHeld(client)) return false
  interrupted.delete(client)
  return true
}

function cancel(library: PgLibrary, client: PgClient, query: Submittable, again = 0): void {
  interrupted.add(client)
  if (!statuses.has(client)) {
    statuses.set(client, '')
    client.connection.on('readyForQuery', ({ status }: { status: string }) => {
      statuses.set(client, status)
    })
  }
  if (typeof client._pulseQueryQueue !== 'function' || client.processID === null) {
    return discard(client)
  }
  hold(client)
  outsideScopes(requestCancel, library, client, query, (sent: boolean) => {
    letGo(client)
    if (!sent) discard(client)
    else if (again < AGAIN) setTimeout(repeat, PAUSE_MS << again).unref()
  })
  function repeat(): void {
    if (runs(client, query)) cancel(library, client, query, again + 1)
    // Whether the backend of a closed connection still runs it, nobody tells; it is asked once more.
    else if (client._ending && again === 0)
      outsideScopes(requestCancel, library, client, query, ignore)
  }
}

function requestCancel(
  library: PgLibrary,
  client: PgClient,
  query: Submittable,
  over: (sent: boolean) => void,
): void {
  const { host, port, ssl, sslNegotiation } = client
  const connection = new library.Connection({ ssl, sslNegotiation })
  let failed = false
  const fail = (): void => {
    failed = true
    connection.stream.destroy()
  }
  const request = (): void => {
    // The backend of a connection that was closed meanwhile goes on all the same.
    if (client._ending || runs(client, query))
      connection.cancel(client.processID!, client.secretKey!)
    else connection.stream.end()
  }
  connection.on('connect', () => {
    if (!ssl) request()
    else if (sslNegotiation !== 'direct') connection.requestSsl()
  })
  connection.on('sslconnect', request)
  connection.on('error', fail)
  connection.once('end', () => over(!failed))
  connection.stream.setTimeout(PATIENCE_MS, fail)
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
  else connection.connect(port, host)
}

/** Keeps a client from sending: the method by which it goes on to its next query does nothing meanwhile. */
function hold(client: PgClient): void {
  client._pulseQueryQueue = () => {}
}

function isHeld(client: PgClient): boolean {
  return Object.hasOwn(client, '_pulseQueryQueue')
}

function letGo(client: PgClient): void {
  delete client._pulseQueryQueue
  client._pulseQueryQueue!()
}

/** Ends a connection without a word to its owner; a pool replaces it. */
function discard(client: PgClient): void {
  void client.end(() => {})
}

function runs(client: PgClient, query: Submittable): boolean {
  return ('_activeQuery' in client ? client._activeQuery : client.activeQuery) === query
}

function ignore(): void {}
