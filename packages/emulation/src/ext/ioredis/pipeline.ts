// A pipeline, or a transaction sent as one: it is one call, with one outcome.
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { Call, refused } from '../core/call.ts'
import { withdraw } from './command.ts'
import type { Pipeline } from './types.ts'

/** Pipeline.exec. */
export function execOf(original: Pipeline['exec']): Pipeline['exec'] {
  return function (this: Pipeline, ...args) {
    if (!inScope()) return original.apply(this, args)
    if (isShared(this)) return outsideScopes(() => original.apply(this, args))
    if (!own(this)) return this.promise
    return outsideScopes(() => original.apply(this, args))
  }
}

/** Whether a pipeline that belongs to a scope may be sent. */
const owned = new WeakMap<Pipeline, boolean>()

function own(pipeline: Pipeline): boolean {
  // A transaction calls exec twice: for its last command, and for the pipeline.
  const known = owned.get(pipeline)
  if (known !== undefined) return known
  const resolve = pipeline.resolve.bind(pipeline)
  const reject = pipeline.reject.bind(pipeline)
  const abort = (reason: unknown): void => {
    pipeline.promise.catch(() => {})
    reject(reason)
  }
  owned.set(pipeline, !refused(abort))
  if (owned.get(pipeline) === false) return false
  const call = new Call('redis pipeline', abort, () => {
    withdraw(pipeline.redis.offlineQueue, new Set(pipeline._queue))
  })
  pipeline.resolve = (value) => {
    if (call.close()) resolve(value)
  }
  pipeline.reject = (error) => {
    if (call.close()) reject(error)
  }
  return true
}

/** Whether ioredis itself made it, of the commands of many callers (`enableAutoPipelining`); it is marked by symbols. */
function isShared(pipeline: Pipeline): boolean {
  return Object.getOwnPropertySymbols(pipeline).some((symbol) => symbol.description === 'callbacks')
}
