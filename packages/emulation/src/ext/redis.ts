// The adapter of node-redis (the package `redis`): commands, transactions and waits for a client of a pool belong to
// their callers' scopes. Replies come in the order of the commands, so that of a cancelled one is dropped in its place.
import { wrongType } from '@greenhouse/scheduler/kernel'
import { ownerOf, patchOnce } from './core/patches.ts'
import { batchOf, connectOf, executeCommandOf, sendCommandOf } from './redis/client.ts'
import { executeOf, poolConnectOf } from './redis/pool.ts'

interface RedisLibrary {
  readonly RedisClient: { prototype: object }
  readonly RedisClientPool: { prototype: object }
}

/**
 * Makes every call of node-redis belong to the greenlet or scope that makes it.
 *
 * When the scope is cancelled or times out, its commands reject at once with the scope's reason. A command that has not
 * been sent never is; what has been sent runs on the server, and its reply is dropped in its place. A blocking command
 * (`blPop`, `xRead` with BLOCK, …) is unblocked on the server; an item that it was given in that instant is lost. A wait
 * for a client of a pool rejects at once. Connections are made outside every scope. Callers outside greenlets see
 * node-redis as it is.
 *
 * @param redis The module object: `require('redis')`, or the namespace of `import * as redis from 'redis'`.
 * @returns A function that undoes it exactly.
 * @throws {GH_INVALID_ARGUMENT} when `redis` is something else.
 *
 * @example
 * ```ts no-run
 * import * as redis from 'redis'
 * import { withTimeout } from '@greenhouse/scheduler'
 * import { patchRedis } from '@greenhouse/emulation/ext/redis'
 *
 * patchRedis(redis)
 * const client = await redis.createClient().connect()
 * await withTimeout(500, () => client.blPop('jobs', 0)) // GH_TIMEOUT after 500 ms, and the connection is free
 * ```
 */
export function patchRedis(redis: object): () => void {
  const library = libraryOf(redis)
  const client = ownerOf(library.RedisClient.prototype, 'sendCommand')!
  const pool = ownerOf(library.RedisClientPool.prototype, 'execute')!
  return patchOnce(client, 'sendCommand', (patches) => {
    patches.replace(client, 'connect', connectOf)
    patches.replace(client, 'sendCommand', sendCommandOf)
    patches.replace(client, '_executeCommand', executeCommandOf)
    patches.replace(client, '_executeMulti', batchOf)
    patches.replace(client, '_executePipeline', batchOf)
    patches.replace(pool, 'connect', poolConnectOf)
    patches.replace(pool, 'execute', executeOf)
  })
}

function libraryOf(redis: object): RedisLibrary {
  for (const candidate of [redis, (redis as { default?: unknown } | undefined)?.default]) {
    const library = candidate as Partial<RedisLibrary> | undefined
    if (ownerOf(library?.RedisClient?.prototype ?? {}, 'sendCommand') === null) continue
    if (library!.RedisClientPool !== undefined) return library as RedisLibrary
  }
  return wrongType('redis', 'the module object of redis', redis)
}
