// Servers, datagram sockets, watchers, interfaces and workers: closed or terminated.
import type { EventEmitter } from 'node:events'
import { ResourceWork, take } from './resource-work.ts'

/** Something that closes, or a worker. */
export type Closable = Pick<EventEmitter, 'on' | 'emit'> &
  (
    | { close(): unknown; readonly closeAllConnections?: () => void; readonly terminate?: never }
    | { terminate(): unknown; readonly close?: never }
  )

export function ownClosable(resource: Closable): void {
  take(resource, resource.terminate === undefined ? 'close' : 'exit', makeClosableWork)
}

function makeClosableWork(resource: Closable): ClosableWork {
  return new ClosableWork(resource)
}

class ClosableWork extends ResourceWork<Closable> {
  readonly kind = 'resource'

  tearDown(): void {
    const { resource } = this
    if (resource.terminate !== undefined) {
      resource.terminate()
      return
    }
    try {
      resource.close()
      resource.closeAllConnections?.()
    } catch (error) {
      // One that was never opened, or has closed since.
      const { code } = error as { code?: unknown }
      if (code !== 'ERR_SERVER_NOT_RUNNING' && code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING') throw error
    }
  }
}
