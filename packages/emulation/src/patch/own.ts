// `own`: what a scope takes along, where that is asked for.
import { inScope, wrongType } from '@greenhouse/scheduler/kernel'
import { ownChild, type ChildLike } from './own-child.ts'
import { ownClosable, type Closable } from './own-closable.ts'
import { ownRequest, type RequestLike } from './own-request.ts'
import { ownStream, type StreamLike } from './own-stream.ts'

/** What `own` takes: streams and sockets, requests, child processes, servers, workers, watchers and the like. */
export type Ownable = StreamLike | RequestLike | ChildLike | Closable

/**
 * Makes a resource belong to the current scope until it closes: when the scope times out, is cancelled or ended, it is
 * torn down. At a normal end of the scope it passes to the scope around. Owned again, it moves to the scope of the new
 * owner.
 *
 * Streams, sockets and requests are destroyed with Node's AbortError; a child loses its stdio and gets SIGTERM, and SIGKILL
 * a second later; servers, watchers and the like are closed, a server's connections too; workers are terminated. Outside
 * every scope nothing happens.
 *
 * @param resource - Something with `destroy`, `kill`, `terminate` or `close` that emits 'close' or 'exit'.
 * @returns the resource.
 * @throws {GH_INVALID_ARGUMENT} for anything else.
 * @example
 * ```ts
 * import { PassThrough } from 'node:stream'
 * import { own } from '@greenhouse/emulation'
 * import { pauseFor, withTimeout } from '@greenhouse/scheduler'
 *
 * const stream = new PassThrough()
 * await withTimeout(5, async () => {
 *   own(stream)
 *   await pauseFor(1000)
 * }).catch((error) => console.log(error.code)) // => GH_TIMEOUT
 * console.log(stream.destroyed) // => true
 * ```
 */
export function own<T extends Ownable>(resource: T): T {
  const take = takerOf(resource)
  if (inScope()) take(resource as never)
  return resource
}

function takerOf(resource: unknown): (resource: never) => void {
  const has = (name: string): boolean =>
    typeof (resource as Record<string, unknown> | null | undefined)?.[name] === 'function'
  if (has('on')) {
    if (has('kill')) return ownChild
    if (has('onSocket')) return ownRequest
    if (has('destroy')) return ownStream
    if (has('terminate') || has('close')) return ownClosable
  }
  return wrongType(
    'resource',
    'a stream, request, child process, server, worker or watcher',
    resource,
  )
}
