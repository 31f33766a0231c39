// Calls of one pg client. A query is followed through the interface by which the client drives it (`handleError`,
// `handleReadyForQuery`): that holds for plain queries, cursors and streams alike.
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { bindHere, Call, consumer, refused, type Callback, type Settle } from '../core/call.ts'
import { interruptQuery } from './cancel.ts'
import type { PgClient, PgLibrary, Submittable } from './types.ts'

type Query = (this: PgClient, config: unknown, values?: unknown, callback?: unknown) => unknown
type Connect = (this: PgClient, callback?: Callback) => Promise<unknown> | undefined
type Handler = (this: Submittable, ...args: unknown[]) => unknown

/** Client.query. */
export function queryOf(library: PgLibrary): (original: Query) => Query {
  return (original) =>
    function (config, values, callback) {
      if (!inScope() || config === null || config === undefined) {
        return original.call(this, config, values, callback)
      }
      if (isSubmittable(config)) {
        if (ownSubmittable(library, this, config)) original.call(this, config, values, callback)
        return config
      }
      const query = new library.Client.Query(config, values, callback)
      if (query.callback && !isFunction(query.callback)) {
        return original.call(this, config, values, callback)
      }
      const { settle, result } = consumer(query.callback, {
        PromiseClass: this._Promise,
        retrace: true,
      })
      query.callback = settle
      const timeout = (config as { query_timeout?: unknown }).query_timeout
      if (timeout !== undefined) query.query_timeout = timeout
      if (own(library, this, query, settle)) original.call(this, query)
      return result
    }
}

/** Client.connect. */
export function connectOf(original: Connect): Connect {
  return function (callback) {
    if (!inScope()) return original.call(this, callback)
    const { settle, result } = consumer(callback, { PromiseClass: this._Promise })
    if (!refused(settle)) {
      const call = new Call('pg connect', settle, () => {
        void this.end(() => {})
        this.connection.stream.destroy()
      })
      outsideScopes(() => {
        void original.call(this, (error) => {
          if (call.close()) settle(error, this)
        })
      })
    }
    return result
  }
}

/** Makes a plain query belong to the current scope; false when it must not begin, and has been answered. */
function own(library: PgLibrary, client: PgClient, query: Submittable, settle: Settle): boolean {
  if (refused(settle)) return false
  const call = new Call('pg query', settle, () => {
    query.handleDataRow = ignore
    interruptQuery(library, client, query)
  })
  const handleError = query.handleError.bind(query)
  const handleReadyForQuery = query.handleReadyForQuery.bind(query)
  query.handleError = (...args) => {
    if (call.close()) handleError(...args)
  }
  query.handleReadyForQuery = (...args) => {
    if (call.close()) handleReadyForQuery(...args)
  }
  return true
}

/** The same for what the caller made: its events come in the caller's context, and an abort is an error of its own. */
function ownSubmittable(library: PgLibrary, client: PgClient, query: Submittable): boolean {
  const handleError = query.handleError.bind(query)
  const abort = bindHere((reason: unknown) => {
    query.on?.('error', ignore)
    handleError(reason, client.connection)
  })
  if (refused(abort)) return false
  const call = new Call('pg query', abort, () => interruptQuery(library, client, query))
  const run = bindHere((handler: Handler, args: unknown[]) => handler.apply(query, args))
  const handlers = query as unknown as Record<string, unknown>
  for (const name of HANDLERS) {
    const handler = handlers[name]
    if (!isFunction(handler)) continue
    const last = name === 'handleError' || name === 'handleReadyForQuery'
    handlers[name] = (...args: unknown[]) => {
      if (last ? call.close() : call.open) run(handler as Handler, args)
    }
  }
  return true
}

const HANDLERS = [
  'handleRowDescription',
  'handleDataRow',
  'handlePortalSuspended',
  'handleCommandComplete',
  'handleEmptyQuery',
  'handleCopyInResponse',
  'handleCopyData',
  'handleError',
  'handleReadyForQuery',
]

function isSubmittable(config: unknown): config is Submittable {
  return isFunction((config as Partial<Submittable>).submit)
}

function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function'
}

function ignore(): void {}
