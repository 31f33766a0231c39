// The adapter of undici from npm: requests belong to their callers' scopes, the connections of clients, pools and agents
// to nobody.
import { wrongType } from '@greenhouse/scheduler/kernel'
import { ownerOf, patchOnce } from './core/patches.ts'
import { dispatchOf } from './undici/dispatch.ts'

interface UndiciLibrary {
  readonly Client: { prototype: object }
  getGlobalDispatcher(): object
}

/**
 * Makes every request of undici (`request`, `stream`, `pipeline`, `fetch`, `connect`, `upgrade`, by a client, pool, agent
 * or the global dispatcher) belong to the greenlet or scope that makes it, until the body of its answer has ended.
 *
 * When the scope is cancelled or times out, a request that waits for a connection fails at once, and is never sent; one
 * that has been sent is aborted, and its connection closed. The error is the scope's reason (`fetch` wraps it as the
 * cause of its own). Connections are made outside every scope. Callers outside greenlets see undici as it is.
 *
 * @param undici The module object: `require('undici')`, or the namespace of `import * as undici from 'undici'`.
 * @returns A function that undoes it exactly.
 * @throws {GH_INVALID_ARGUMENT} when `undici` is something else.
 *
 * @example
 * ```ts no-run
 * import * as undici from 'undici'
 * import { withTimeout } from '@greenhouse/scheduler'
 * import { patchUndici } from '@greenhouse/emulation/ext/undici'
 *
 * patchUndici(undici)
 * const pool = new undici.Pool('http://127.0.0.1:8080', { connections: 10 })
 * const { body } = await withTimeout(500, () => pool.request({ path: '/', method: 'GET' }))
 * ```
 */
export function patchUndici(undici: object): () => void {
  const library = libraryOf(undici)
  const base = ownerOf(library.Client.prototype, 'dispatch')!
  // Where `fetch` of Node has been used before undici was loaded, this is an agent of Node's own copy.
  const shared = ownerOf(library.getGlobalDispatcher(), 'dispatch')!
  return patchOnce(base, 'dispatch', (patches) => {
    patches.replace(base, 'dispatch', dispatchOf)
    if (shared !== base) patches.replace(shared, 'dispatch', dispatchOf)
  })
}

function libraryOf(undici: object): UndiciLibrary {
  for (const candidate of [undici, (undici as { default?: unknown } | undefined)?.default]) {
    const library = candidate as Partial<UndiciLibrary> | undefined
    if (typeof library?.getGlobalDispatcher !== 'function') continue
    if (ownerOf(library.Client?.prototype ?? {}, 'dispatch') !== null) {
      return library as UndiciLibrary
    }
  }
  return wrongType('undici', 'the module object of undici', undici)
}
