// Ends a blocking command on the server, from a connection of its own: CLIENT UNBLOCK names the connection, not the
// command. It comes as an error, so that a command which it meets by mistake is known, and sent again.
import { outsideScopes } from '@greenhouse/scheduler/kernel'
import type { CommandOptions, RedisClient } from './types.ts'

const BLOCKING = new Set([
  'BLPOP',
  'BRPOP',
  'BRPOPLPUSH',
  'BLMOVE',
  'BLMPOP',
  'BZPOPMIN',
  'BZPOPMAX',
  'BZMPOP',
  'WAIT',
])
/** Milliseconds between two tries. */
const AGAIN_MS = 5

export function blocks(args: readonly unknown[]): boolean {
  const name = String(args[0]).toUpperCase()
  if (name === 'XREAD' || name === 'XREADGROUP') return args.includes('BLOCK')
  return BLOCKING.has(name)
}

/** What the server calls the connection of each client, by the connection's epoch. */
const ids = new WeakMap<RedisClient, { epoch: number | undefined; id: Promise<unknown> }>()

export class Blocking {
  readonly client: RedisClient
  readonly args: readonly (string | Buffer)[]
  readonly send: RedisClient['sendCommand']
  pending = true
  cancelled = false
  id: Promise<unknown> | undefined

  constructor(
    client: RedisClient,
    args: readonly (string | Buffer)[],
    send: RedisClient['sendCommand'],
  ) {
    this.client = client
    this.args = args
    this.send = send
  }

  async begin(options: CommandOptions | undefined): Promise<unknown> {
    // Asked for before the command is sent: there is no asking afterwards.
    this.id = this.connectionId()
    try {
      for (;;) {
        try {
          return await this.send.call(this.client, this.args, options)
        } catch (error) {
          const unblocked = error instanceof Error && error.message.startsWith('UNBLOCKED')
          if (!unblocked || this.cancelled) throw error
        }
      }
    } finally {
      this.pending = false
    }
  }

  unblock(): void {
    this.cancelled = true
    void outsideScopes(() => this.tellServer())
  }

  connectionId(): Promise<unknown> {
    const client = this.client._self
    const known = ids.get(client)
    if (known !== undefined && known.epoch === client.socketEpoch) return known.id
    const id = this.send.call(client, ['CLIENT', 'ID']).catch(() => undefined)
    if (client.isReady) ids.set(client, { epoch: client.socketEpoch, id })
    return id
  }

  async tellServer(): Promise<void> {
    const id = await this.id
    if (id === undefined || !this.pending) return
    const helper = this.client._self.duplicate({ disableOfflineQueue: false })
    helper.on('error', () => {})
    try {
      await helper.connect()
      // What was sent before it may still be under way: then there is nothing to unblock yet.
      while (this.pending) {
        await helper.sendCommand(['CLIENT', 'UNBLOCK', String(Number(id)), 'ERROR'])
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      }
    } catch {
      // The server is gone, and the command with it.
    } finally {
      helper.destroy()
    }
  }
}
