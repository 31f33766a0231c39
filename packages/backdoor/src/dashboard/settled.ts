// Waiting for a promise of our own. Not `wait`: that makes the contexts of greenlets, which a program of generators alone is
// spared on Node 20 and 22.
import type { Blocking } from '@greenhouse/scheduler'
import { refuse, resume, resumeError, WaitList, type Operation } from '@greenhouse/scheduler/kernel'

/** Waits for a promise; ended, it lets the promise go on by itself. */
export function settled<T>(kind: string, promise: PromiseLike<T>): Blocking<T> {
  const list = new WaitList<T>(kind)
  const hand = (give: (operation: Operation) => void) => {
    const operation = list.shift()
    if (operation !== null) give(operation)
  }
  promise.then(
    (value) => hand((operation) => resume(operation, value)),
    (error: unknown) => hand((operation) => resumeError(operation, error)),
  )
  return refuse() ?? list.park<T>(undefined, undefined, () => {})
}
