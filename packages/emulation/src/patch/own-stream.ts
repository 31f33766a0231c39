// Streams and sockets: destroyed.
import type { EventEmitter } from 'node:events'
import type { AbortError } from './abort-error.ts'
import { ResourceWork, take } from './resource-work.ts'

/** A stream or socket. */
export type StreamLike = Pick<EventEmitter, 'on' | 'emit'> & {
  destroy(error?: Error): unknown
  readonly closed?: boolean
  readonly destroyed?: boolean
}

export function ownStream(stream: StreamLike): void {
  if (stream.closed !== true) take(stream, 'close', makeStreamWork)
}

function makeStreamWork(stream: StreamLike): StreamWork {
  return new StreamWork(stream)
}

class StreamWork extends ResourceWork<StreamLike> {
  readonly kind = 'stream'

  override get over(): boolean {
    return this.resource.destroyed === true
  }

  tearDown(error: AbortError): void {
    this.resource.destroy(error)
  }
}
