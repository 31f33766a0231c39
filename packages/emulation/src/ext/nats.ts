// The adapter of nats (nats.js 2): requests, flushes and waits for the next message belong to their callers' scopes.
import { wrongType } from '@greenhouse/scheduler/kernel'
import { patchOnce } from './core/patches.ts'
import { connectOf } from './nats/connection.ts'

/**
 * Makes what nats waits for belong to the greenlet or scope that waits: requests (those of JetStream, key-value and
 * object stores too), flushes, and the next message of a subscription or consumer in `for await`.
 *
 * When the scope is cancelled or times out, a request rejects at once with the scope's reason, and its answer is dropped.
 * A loop over messages rejects at once as well, and its subscription ends, as it does when the loop is left. Connections
 * are made outside every scope; one that is ready too late is closed. Callers outside greenlets see nats as it is.
 *
 * It reaches connections made by `connect` afterwards.
 *
 * @param nats The module object: `require('nats')`, or the default export of `import nats from 'nats'`.
 * @returns A function that undoes it exactly.
 * @throws {GH_INVALID_ARGUMENT} when `nats` is something else, or a namespace of `import *`, which cannot be changed.
 *
 * @example
 * ```ts no-run
 * import nats from 'nats'
 * import { withTimeout } from '@greenhouse/scheduler'
 * import { patchNats } from '@greenhouse/emulation/ext/nats'
 *
 * patchNats(nats)
 * const connection = await nats.connect({ servers: '127.0.0.1' })
 * await withTimeout(500, () => connection.request('service', 'question', { timeout: 60_000 }))
 * ```
 */
export function patchNats(nats: object): () => void {
  const library = libraryOf(nats)
  return patchOnce(library, 'connect', (patches) => {
    patches.replace(library, 'connect', connectOf(patches))
  })
}

function libraryOf(nats: object): object {
  for (const candidate of [nats, (nats as { default?: object } | undefined)?.default]) {
    const library = candidate as { connect?: unknown; JSONCodec?: unknown } | undefined
    const own = library !== undefined && Object.getOwnPropertyDescriptor(library, 'connect')
    if (own && own.configurable === true && typeof library.JSONCodec === 'function') return library
  }
  return wrongType('nats', 'the module object of nats', nats)
}
