// The bridge to promises that are not ours.
import { types } from 'node:util'
import type { Blocking, WaitOptions } from './blocking.ts'
import { refuse } from './core/begin.ts'
import { coarseTime } from './core/coarse-time.ts'
import { currentScope, makeContexts } from './core/context.ts'
import { track } from './core/open-operations.ts'
import { blocking, DONE, FAILED, settle, type Operation } from './core/operation.ts'
import { livingScopes } from './core/registry.ts'
import { externalWait, externalWaitOver } from './core/external.ts'
import { pendingOperation } from './core/timed.ts'
import { WaitList } from './core/wait-list.ts'
import { TimeoutError } from './errors.ts'

/**
 * Waits for any promise: lets a generator greenlet wait for it, and makes the wait endable in an async one.
 *
 * Ended, timed out or aborted, it stops waiting; the promise goes on by itself.
 *
 * @param promise - A promise, any thenable, or a plain value.
 * @param options - `timeoutMs`, `signal`.
 * @returns what the promise gives.
 * @throws what the promise throws; {GH_TIMEOUT}; the signal's reason.
 * @example
 * ```ts
 * import { schedule, wait } from '@greenhouse/scheduler'
 *
 * const greenlet = schedule(function* () {
 *   return yield* wait(Promise.resolve(42))
 * })
 * console.log(await greenlet.join()) // => 42
 * ```
 */
export function wait<T>(promise: T, options?: WaitOptions): Blocking<Awaited<T>> {
  const refused = refuse(options)
  const watch = watchOf(promise)
  if (refused !== null) return refused
  makeContexts(livingScopes)
  const operation = pendingOperation(currentScope(), watch, undefined, options, timedOut)
  operation.sinceMs = coarseTime()
  watch.append(operation)
  track(operation)
  externalWait()
  return blocking(operation) as Blocking<Awaited<T>>
}

/** Those who wait for one promise. It is told of them once, so that waits that were given up leave nothing with it. */
class Watch extends WaitList {
  override withdraw(operation: Operation): void {
    super.withdraw(operation)
    externalWaitOver()
  }

  settle(outcome: typeof DONE | typeof FAILED, value: unknown): void {
    for (let left = this.size; left > 0; left--) settle(this.shift()!, outcome, value)
  }
}

const watches = new WeakMap<object, Watch>()

function watchOf(promise: unknown): Watch {
  // Another thenable may do its work anew for each `then`.
  const shared = types.isPromise(promise)
  const known = shared ? watches.get(promise) : undefined
  if (known !== undefined) return known
  const watch = new Watch('wait')
  if (shared) watches.set(promise, watch)
  const settled = (outcome: typeof DONE | typeof FAILED, value: unknown) => {
    if (shared) watches.delete(promise)
    watch.settle(outcome, value)
  }
  Promise.resolve(promise).then(
    (value) => settled(DONE, value),
    (error: unknown) => settled(FAILED, error),
  )
  return watch
}

function timedOut(operation: Operation, afterMs: number): void {
  settle(operation, FAILED, new TimeoutError('wait', afterMs))
}
