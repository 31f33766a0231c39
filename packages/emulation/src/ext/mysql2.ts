// The adapter of mysql2, for MySQL and MariaDB: queries and waits for a connection of a pool belong to their callers'
// scopes. A cancelled statement is killed on the server, and nothing else is sent on its connection until that is over.
import { EventEmitter } from 'node:events'
import { wrongType } from '@greenhouse/scheduler/kernel'
import { ownerOf, patchOnce } from './core/patches.ts'
import {
  addCommandOf,
  connectOf,
  createOf,
  createPromiseOf,
  executeOf,
} from './mysql2/connection.ts'
import { acquireOf, releaseOf } from './mysql2/pool.ts'
import { faceOf } from './mysql2/promise.ts'
import type { MysqlLibrary } from './mysql2/types.ts'

/**
 * Makes every call of mysql2, with callbacks and with promises, belong to the greenlet or scope that makes it.
 *
 * When the scope is cancelled or times out, a running statement fails at once with the scope's reason and is killed on
 * the server (`KILL QUERY`); its connection is kept, and sends nothing until the kill is over. A wait for a connection
 * fails at once, and a connection that arrives later goes back to its pool. A connection that comes back to its pool
 * after a cancelled call is rolled back first. Connections are made outside every scope. Callers outside greenlets see
 * mysql2 as it is.
 *
 * @param mysql2 The module object: `require('mysql2')`, or the default export of `import mysql from 'mysql2'`.
 * @param promise That of `mysql2/promise`, where its `createConnection` is used.
 * @returns A function that undoes it exactly.
 * @throws {GH_INVALID_ARGUMENT} when `mysql2` is something else.
 *
 * @example
 * ```ts no-run
 * import mysql from 'mysql2'
 * import { withTimeout } from '@greenhouse/scheduler'
 * import { patchMysql2 } from '@greenhouse/emulation/ext/mysql2'
 *
 * patchMysql2(mysql)
 * const pool = mysql.createPool({ host: '127.0.0.1', user: 'root' }).promise()
 * await withTimeout(500, () => pool.query('select sleep(60)')) // GH_TIMEOUT after 500 ms, and no statement is left
 * ```
 */
export function patchMysql2(mysql2: object, promise?: object): () => void {
  const library = libraryOf(mysql2)
  const connection = ownerOf(library.Connection.prototype, 'addCommand')!
  const pool = ownerOf(library.Pool.prototype, 'getConnection')!
  const connectionFace = faceProto(library.Connection.prototype)
  const poolFace = faceProto(library.Pool.prototype)
  const promises = promise && ((promise as { default?: object }).default ?? promise)
  return patchOnce(connection, 'addCommand', (patches) => {
    patches.replace(connection, 'addCommand', addCommandOf(library))
    patches.replace(connection, 'execute', executeOf)
    patches.replace(connection, 'connect', connectOf)
    patches.replace(pool, 'getConnection', acquireOf)
    patches.replace(pool, 'releaseConnection', releaseOf)
    patches.replace(library, 'createConnection', createOf)
    patches.replace(library, 'connect', createOf)
    for (const method of ['query', 'execute'] as const) {
      patches.replace(connectionFace, method, faceOf('connection', method))
      patches.replace(poolFace, method, faceOf('pool', method))
    }
    if (promises !== undefined) patches.replace(promises, 'createConnection', createPromiseOf)
  })
}

/** The prototype of the promise face, which only an instance leads to. */
function faceProto(core: { promise(): object }): object {
  return Object.getPrototypeOf(core.promise.call(new EventEmitter())) as object
}

function libraryOf(mysql2: object): MysqlLibrary {
  for (const candidate of [mysql2, (mysql2 as { default?: unknown } | undefined)?.default]) {
    const library = candidate as Partial<MysqlLibrary> | undefined
    if (typeof library?.Connection?.prototype?.addCommand !== 'function') continue
    if (typeof library.Pool?.prototype?.getConnection === 'function') return library as MysqlLibrary
  }
  return wrongType('mysql2', 'the module object of mysql2', mysql2)
}
