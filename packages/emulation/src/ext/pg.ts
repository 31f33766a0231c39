// The adapter of pg (node-postgres): queries, connects and waits for a connection of a pool belong to their callers'
// scopes. A cancelled query is cancelled on the server, and nothing else is sent on its connection until that is over.
import { wrongType } from '@greenhouse/scheduler/kernel'
import { ownerOf, patchOnce } from './core/patches.ts'
import { connectOf, queryOf } from './pg/client.ts'
import { acquireOf, newClientOf, poolQueryOf, releaseOf } from './pg/pool.ts'
import type { PgLibrary } from './pg/types.ts'

/**
 * Makes every call of pg and pg-pool that a greenlet or scope makes belong to it, in place and for the whole process.
 *
 * When the scope is cancelled or times out, a running query rejects at once with the scope's reason and is cancelled on
 * the server; a wait for a connection rejects at once, and a connection that arrives later goes back to its pool. The
 * connection of a cancelled query sends nothing until the cancel is over; released before it is idle again, it is
 * discarded. Connections are made outside every scope. Callers outside greenlets see pg as it is.
 *
 * @param pg The module object: `require('pg')`, or the default export of `import pg from 'pg'`.
 * @returns A function that undoes it exactly.
 * @throws {GH_INVALID_ARGUMENT} when `pg` is something else.
 *
 * @example
 * ```ts no-run
 * import pg from 'pg'
 * import { withTimeout } from '@greenhouse/scheduler'
 * import { patchPg } from '@greenhouse/emulation/ext/pg'
 *
 * const undo = patchPg(pg)
 * const pool = new pg.Pool({ max: 10 })
 * await withTimeout(500, () => pool.query('select pg_sleep(60)')) // GH_TIMEOUT after 500 ms, and no query is left
 * ```
 *
 * Source: greenhouse/ext/psycopg2.py `wait_callback`.
 */
export function patchPg(pg: object): () => void {
  const library = libraryOf(pg)
  const client = library.Client.prototype
  const pool = ownerOf(library.Pool.prototype, 'connect')!
  return patchOnce(client, 'query', (patches) => {
    patches.replace(client, 'query', queryOf(library))
    patches.replace(client, 'connect', connectOf)
    patches.replace(pool, 'connect', acquireOf)
    patches.replace(pool, 'query', poolQueryOf)
    patches.replace(pool, 'newClient', newClientOf)
    patches.replace(pool, '_release', releaseOf)
  })
}

function libraryOf(pg: object): PgLibrary {
  for (const candidate of [pg, (pg as { default?: unknown } | undefined)?.default]) {
    const library = candidate as Partial<PgLibrary> | undefined
    if (typeof library?.Client?.prototype?.query !== 'function') continue
    if (typeof library.Pool?.prototype?.connect === 'function') return library as PgLibrary
  }
  return wrongType('pg', 'the module object of pg', pg)
}
