// HTTP requests: destroyed as Node's own signal does. Node tells one that waits for a socket only when a socket comes; it
// must hear at once.
import type { EventEmitter } from 'node:events'
import type { AbortError } from './abort-error.ts'
import { ResourceWork, take } from './resource-work.ts'

/** A request of node:http. */
export type RequestLike = Pick<EventEmitter, 'on' | 'emit'> & {
  destroy(error?: Error): unknown
  onSocket(socket: unknown, error?: Error): void
  readonly closed?: boolean
  readonly socket?: unknown
  readonly agent?: unknown
  readonly res?: { readonly readableEnded: boolean } | null
}

export function ownRequest(request: RequestLike): void {
  if (request.closed !== true) take(request, 'close', makeRequestWork)
}

function makeRequestWork(request: RequestLike): RequestWork {
  return new RequestWork(request)
}

class RequestWork extends ResourceWork<RequestLike> {
  readonly kind = 'http request'

  override get over(): boolean {
    return this.resource.res?.readableEnded === true
  }

  tearDown(error: AbortError): void {
    const { resource } = this
    const queued = leaveQueue(resource)
    resource.destroy(error)
    if (queued) resource.onSocket(null, error)
  }
}

interface Queues {
  readonly requests?: Record<string, RequestLike[] | undefined>
}

/** Takes a request out of the queue of its agent; false when it did not stand there. */
function leaveQueue(request: RequestLike): boolean {
  const queues = (request.agent as Queues | null | undefined)?.requests
  if (queues === undefined || queues === null) return false
  for (const [name, queue] of Object.entries(queues)) {
    const at = queue?.indexOf(request) ?? -1
    if (at < 0) continue
    queue!.splice(at, 1)
    if (queue!.length === 0) delete queues[name]
    return true
  }
  return false
}
