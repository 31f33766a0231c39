// A pool of pg-pool: waiting for a connection belongs to the caller, the pool itself runs outside every scope.
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { bindHere, Call, consumer, refused, type Callback, type Settle } from '../core/call.ts'
import { reusable } from './cancel.ts'
import type { PgPool } from './types.ts'

type Acquire = (this: PgPool, callback?: Callback) => Promise<unknown> | undefined
type Release = PgPool['_release']

/** Pool.connect, which is also how Pool.query comes by its client. */
export function acquireOf(original: Acquire): Acquire {
  return function (callback) {
    // A client is handed over by whoever releases one, in their context: the callback must run in its own.
    if (!inScope()) return original.call(this, callback && bindHere(callback))
    const { settle, result } = consumer(callback, {
      PromiseClass: this.Promise,
      retrace: true,
    })
    if (!refused(settle)) acquire(this, original, settle)
    return result
  }
}

/** Pool.query: its promise is told apart when nobody consumes it. */
export function poolQueryOf(original: PgPool['query']): PgPool['query'] {
  return function (this: PgPool, text, values, callback) {
    const isFunction = [text, values, callback].some((value) => typeof value === 'function')
    if (!inScope() || isFunction) return original.call(this, text, values, callback)
    const { settle, result } = consumer(undefined, { PromiseClass: this.Promise, retrace: true })
    void original.call(this, text, values, settle)
    return result
  }
}

/** Pool.newClient: a connection serves many callers. */
export function newClientOf(original: PgPool['newClient']): PgPool['newClient'] {
  return function (this: PgPool, pending) {
    return outsideScopes(() => original.call(this, pending))
  }
}

/** Pool._release: what a cancelled query leaves behind goes to nobody else. */
export function releaseOf(original: Release): Release {
  return function (this: PgPool, client, idleListener, error) {
    const left = error || reusable(client) ? error : new Error(LEFT)
    return outsideScopes(() => original.call(this, client, idleListener, left))
  }
}

const LEFT = 'A cancelled query left this connection busy or in a transaction'

function acquire(pool: PgPool, original: Acquire, settle: Settle): void {
  const call = new Call('pg connection', settle, () => withdraw(pool, waiter))
  const before = pool._pendingQueue?.length ?? 0
  outsideScopes(() => {
    void original.call(pool, ((error?: unknown, client?: unknown, done?: () => void) => {
      if (call.close()) settle(error, client, done)
      else if (client !== undefined) done!()
    }) as Callback)
  })
  const queue = pool._pendingQueue
  const waiter = queue !== undefined && queue.length > before ? queue.at(-1) : undefined
}

/** Leaves the line; a waiter that cannot be found there hands over what it gets. */
function withdraw(pool: PgPool, waiter: object | undefined): void {
  const at = waiter === undefined ? -1 : pool._pendingQueue!.indexOf(waiter)
  if (at !== -1) pool._pendingQueue!.splice(at, 1)
}
