// What `waitFds` asks of a socket.
import type { Pollable } from './core/pollable.ts'
import { OPEN, RELEASED } from './socket-stream.ts'
import type { Socket } from './socket.ts'

export class SocketPollable implements Pollable {
  readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
  }

  readable(): boolean {
    const { state, listener, inbox } = this.socket
    return state >= RELEASED || (listener === null ? inbox.ready : listener.ready)
  }

  writable(): boolean {
    const { state, outbox } = this.socket
    return state >= RELEASED || (state === OPEN && outbox.ready)
  }

  watch(changed: () => void): () => void {
    const { socket } = this
    if (socket.listener !== null) return socket.listener.watch(changed)
    const watchers = (socket.watchers ??= new Set())
    watchers.add(changed)
    if (socket.state === OPEN) socket.inbox.readAhead()
    return () => {
      watchers.delete(changed)
      if (watchers.size === 0 && socket.watchers === watchers) socket.watchers = null
    }
  }
}
