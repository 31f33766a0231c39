// Calls of one node-redis client.
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { ownPromise } from '../core/call.ts'
import type { RedisClient } from './types.ts'
import { blocks, Blocking } from './unblock.ts'

type SendCommand = RedisClient['sendCommand']
type Batch = (this: RedisClient, ...args: unknown[]) => Promise<unknown>

/** Client.connect: the connection serves others too, so only the wait for it belongs to the caller. */
export function connectOf(original: RedisClient['connect']): RedisClient['connect'] {
  return function (this: RedisClient) {
    return ownPromise('redis connect', () => outsideScopes(() => original.call(this)))
  }
}

/** Client.sendCommand, through which all single commands go. */
export function sendCommandOf(original: SendCommand): SendCommand {
  return function (this: RedisClient, args, options) {
    if (!inScope()) return original.call(this, args, options)
    const blocking = blocks(args) ? new Blocking(this, args, original) : null
    // Until it is sent, a signal takes it back; a client that is ready sends at once.
    const controller = this.isReady ? null : new AbortController()
    const given = options?.abortSignal ?? this._commandOptions?.abortSignal
    const signals = [given, controller?.signal].filter((signal) => signal !== undefined)
    const all =
      controller === null ? options : { ...options, abortSignal: AbortSignal.any(signals) }
    const send = (): Promise<unknown> =>
      blocking === null ? original.call(this, args, all) : blocking.begin(all)
    return ownPromise(
      'redis command',
      () => outsideScopes(send),
      () => {
        controller?.abort()
        blocking?.unblock()
      },
    )
  }
}

/** Client._executeCommand: with a cache on this side, callers share what one of them has asked for. */
export function executeCommandOf(original: Batch): Batch {
  return function (...args) {
    if (!inScope() || !this.clientSideCache) return original.apply(this, args)
    return ownPromise('redis command', () => outsideScopes(() => original.apply(this, args)))
  }
}

/** Transactions and pipelines, each of them one call. */
export function batchOf(original: Batch): Batch {
  return function (...args) {
    if (!inScope()) return original.apply(this, args)
    return ownPromise('redis batch', () => outsideScopes(() => original.apply(this, args)))
  }
}
