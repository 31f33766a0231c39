// A pool of mysql2: waiting for a connection belongs to the caller, the pool itself runs outside every scope.
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { bindHere, Call, refused, type Callback, type Settle } from '../core/call.ts'
import { takeInterrupted, withdraw } from './kill.ts'
import type { MysqlConnection, MysqlPool } from './types.ts'

type Acquire = MysqlPool['getConnection']
type Release = MysqlPool['releaseConnection']

/** Pool.getConnection, which is also how Pool.query comes by its connection. */
export function acquireOf(original: Acquire): Acquire {
  return function (this: MysqlPool, callback) {
    const settle = bindHere(callback as Settle)
    // A connection is handed over by whoever releases one, in their context: the callback must run in its own.
    if (!inScope()) return original.call(this, settle)
    if (refused(settle)) return
    const call = new Call('mysql2 connection', settle, () => {
      withdraw(this._connectionQueue, waiter)
    })
    const waiter = ((error?: unknown, connection?: MysqlConnection) => {
      if (call.close()) settle(error, connection)
      else connection?.release!()
    }) as Callback
    outsideScopes(() => original.call(this, waiter))
  }
}

/** Pool.releaseConnection: what a cancelled call has left undone is undone before the next one. */
export function releaseOf(original: Release): Release {
  return function (this: MysqlPool, connection) {
    outsideScopes(() => {
      if (takeInterrupted(connection)) {
        connection.query('ROLLBACK', (error) => {
          if (error) connection.destroy()
        })
      }
      original.call(this, connection)
    })
  }
}
