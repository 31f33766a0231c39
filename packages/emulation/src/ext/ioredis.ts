// The adapter of ioredis: commands and pipelines belong to their callers' scopes. Replies come in the order of the
// commands, so a cancelled command stays in its place and its reply is dropped; a blocking one is unblocked.
import { outsideScopes, wrongType } from '@greenhouse/scheduler/kernel'
import { ownPromise } from './core/call.ts'
import { patchOnce } from './core/patches.ts'
import { sendCommandOf } from './ioredis/command.ts'
import { execOf } from './ioredis/pipeline.ts'
import type { RedisClient, RedisLibrary } from './ioredis/types.ts'

/**
 * Makes every command and pipeline of ioredis belong to the greenlet or scope that sends it.
 *
 * When the scope is cancelled or times out, its commands reject at once with the scope's reason. What has not been sent
 * never is; what has been sent runs on the server, and its reply is dropped in its place. A blocking command (`blpop`,
 * `xread block`, …) is unblocked on the server; an item that it was given in that instant is lost. Connections are made
 * outside every scope. Callers outside greenlets see ioredis as it is.
 *
 * @param ioredis The module object: `require('ioredis')`, or the default export of `import Redis from 'ioredis'`.
 * @returns A function that undoes it exactly.
 * @throws {GH_INVALID_ARGUMENT} when `ioredis` is something else.
 *
 * @example
 * ```ts no-run
 * import Redis from 'ioredis'
 * import { withTimeout } from '@greenhouse/scheduler'
 * import { patchIoredis } from '@greenhouse/emulation/ext/ioredis'
 *
 * patchIoredis(Redis)
 * const redis = new Redis()
 * await withTimeout(500, () => redis.blpop('jobs', 0)) // GH_TIMEOUT after 500 ms, and the connection is free
 * ```
 */
export function patchIoredis(ioredis: object): () => void {
  const library = libraryOf(ioredis)
  const client = library.Redis.prototype
  return patchOnce(client, 'sendCommand', (patches) => {
    patches.replace(client, 'connect', connectOf)
    patches.replace(client, 'sendCommand', sendCommandOf)
    patches.replace(library.Pipeline.prototype, 'exec', execOf)
    if (library.Cluster !== undefined) {
      patches.replace(library.Cluster.prototype, 'connect', connectOf)
      patches.replace(library.Cluster.prototype, 'sendCommand', sendCommandOf)
    }
  })
}

/** connect: the connection serves others too, so only the wait for it belongs to the caller. */
function connectOf(original: RedisClient['connect']): RedisClient['connect'] {
  return function (this: RedisClient, ...args) {
    return ownPromise('redis connect', () => outsideScopes(() => original.apply(this, args)))
  }
}

function libraryOf(ioredis: object): RedisLibrary {
  for (const candidate of [ioredis, (ioredis as { default?: unknown } | undefined)?.default]) {
    const library = candidate as Partial<RedisLibrary> | undefined
    if (typeof library?.Redis?.prototype?.sendCommand !== 'function') continue
    if (typeof library.Pipeline?.prototype?.exec === 'function') return library as RedisLibrary
  }
  return wrongType('ioredis', 'the module object of ioredis', ioredis)
}
