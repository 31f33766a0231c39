// A single command on a connection, or on a cluster of them.
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { Call, refused } from '../core/call.ts'
import { blocks, Unblocker } from './unblock.ts'
import type { Command, Queue, RedisClient } from './types.ts'

/** Commands whose callers have had their answer: a reconnect must not send them again. */
const cancelled = new WeakSet<Command>()

const unblockers = new WeakMap<Command, Unblocker>()

type SendCommand = RedisClient['sendCommand']

/** Redis.sendCommand. */
export function sendCommandOf(original: SendCommand): SendCommand {
  return function (this: RedisClient, command, stream, node) {
    if (cancelled.has(command)) return command.promise
    const scoped = inScope()
    // What comes with a stream is part of a pipeline, which is a call of its own.
    if (scoped && stream === undefined && !own(this, command, original)) return command.promise
    // Each time that it is sent: what waits for a connection comes a second time.
    unblockers.get(command)?.prepare()
    if (!scoped) return original.call(this, command, stream, node)
    return outsideScopes(() => original.call(this, command, stream, node))
  }
}

/** Sees to it that commands are not sent, or not sent again. */
export function withdraw(queue: Queue | undefined, commands: ReadonlySet<Command>): void {
  for (const command of commands) cancelled.add(command)
  for (let at = (queue?.length ?? 0) - 1; at >= 0; at--) {
    if (commands.has(queue!.peekAt(at)!.command)) queue!.removeOne(at)
  }
}

function own(redis: RedisClient, command: Command, send: SendCommand): boolean {
  const resolve = command.resolve.bind(command)
  const reject = command.reject.bind(command)
  const abort = (reason: unknown): void => {
    command.promise.catch(() => {})
    reject(reason)
  }
  if (refused(abort)) return false
  const unblocker = blocks(command) ? new Unblocker(redis, command, send) : null
  if (unblocker !== null) unblockers.set(command, unblocker)
  const call = new Call('redis command', abort, () => {
    withdraw(redis.offlineQueue, new Set([command]))
    unblocker?.unblock()
  })
  command.resolve = (value) => (call.close() ? resolve(value) : command.promise)
  command.reject = (error) => {
    if (call.open && unblocker?.sendAgain(error)) return
    if (call.close()) reject(error)
  }
  return true
}
