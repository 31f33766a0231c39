// A pool of node-redis: it calls a function with a client when there is one.
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { bindHere, ownPromise } from '../core/call.ts'
import type { RedisClient } from './types.ts'

type Task = (client: RedisClient) => unknown
type Execute = (this: object, task: Task) => Promise<unknown>
type Connect = (this: object) => Promise<unknown>

/** Pool.connect. */
export function poolConnectOf(original: Connect): Connect {
  return function () {
    return ownPromise('redis connect', () => outsideScopes(() => original.call(this)))
  }
}

/** Pool.execute: a cancelled caller's task is never begun, and what it has begun sees the cancel in its commands. */
export function executeOf(original: Execute): Execute {
  return function (task) {
    const run = boundTask(task)
    if (!inScope()) return original.call(this, run)
    let cancelled = false
    return ownPromise(
      'redis client',
      () => outsideScopes(() => original.call(this, (client) => !cancelled && run(client))),
      () => {
        cancelled = true
      },
    )
  }
}

/** A client is handed over in the context of whoever gives it back: a task must run in its caller's. */
function boundTask(task: Task): Task {
  let outcome: unknown
  const bound = bindHere((client: RedisClient) => {
    outcome = task(client)
  })
  return (client) => {
    bound(client)
    return outcome
  }
}
