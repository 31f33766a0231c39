// Ends a blocking command on the server, from a connection of its own: CLIENT UNBLOCK names the connection, not the
// command. It comes as an error, so that a command which it meets by mistake is known, and sent again.
import { outsideScopes } from '@greenhouse/scheduler/kernel'
import type { Command, RedisClient } from './types.ts'

const BLOCKING = new Set([
  'blpop',
  'brpop',
  'brpoplpush',
  'blmove',
  'blmpop',
  'bzpopmin',
  'bzpopmax',
  'bzmpop',
  'xread',
  'xreadgroup',
  'wait',
])

export function blocks(command: Command): boolean {
  return BLOCKING.has(command.name.toLowerCase())
}

/** What the server calls each connection. */
const ids = new WeakMap<object, Promise<unknown>>()

export class Unblocker {
  readonly redis: RedisClient
  readonly command: Command
  readonly send: RedisClient['sendCommand']
  /** The connection's number, once it is ready. */
  id: Promise<unknown> | undefined

  constructor(redis: RedisClient, command: Command, send: RedisClient['sendCommand']) {
    this.redis = redis
    this.command = command
    this.send = send
  }

  /** Called before the command is sent: there is no asking for the number afterwards. */
  prepare(): void {
    const { status, stream } = this.redis
    if (status !== 'ready' || stream === undefined) return
    this.id = ids.get(stream) ?? outsideScopes(() => this.askId())
    ids.set(stream, this.id)
  }

  async askId(): Promise<unknown> {
    const ask = new this.command.constructor('client', ['ID'])
    return this.send.call(this.redis, ask).catch(() => undefined)
  }

  unblock(): void {
    void outsideScopes(() => this.whenFirst())
  }

  /** Sends a command again that somebody else's unblocking has met. */
  sendAgain(error: unknown): boolean {
    if (!(error instanceof Error) || !error.message.startsWith('UNBLOCKED')) return false
    outsideScopes(() => {
      void this.send.call(this.redis, this.command)
    })
    return true
  }

  /** Waits until what was sent before it has been answered: only the first command can be blocked. */
  async whenFirst(): Promise<void> {
    const id = await this.id
    const queue = this.redis.commandQueue
    if (id === undefined || queue === undefined) return
    for (;;) {
      const first = queue.peekFront()?.command
      if (first === this.command) return this.askServer(id)
      if (first === undefined || !isQueued(queue, this.command)) return
      await first.promise.catch(() => {})
      // The queue moves on right after the promise.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async askServer(id: unknown): Promise<void> {
    const helper = this.redis.duplicate({
      lazyConnect: true,
      enableOfflineQueue: true,
      enableReadyCheck: false,
      enableAutoPipelining: false,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
    })
    helper.on('error', () => {})
    try {
      await helper.client('UNBLOCK', id, 'ERROR')
    } catch {
      // The server is gone, and the command with it.
    } finally {
      helper.disconnect()
    }
  }
}

function isQueued(queue: NonNullable<RedisClient['commandQueue']>, command: Command): boolean {
  for (let at = 0; at < queue.length; at++) {
    if (queue.peekAt(at)!.command === command) return true
  }
  return false
}
