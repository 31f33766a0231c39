// The bridge to promises that are not ours.
import type { Blocking, WaitOptions } from './blocking.ts'
import { refuse } from './core/begin.ts'
import { coarseTime } from './core/coarse-time.ts'
import { currentScope, makeContexts } from './core/context.ts'
import {
  blocking,
  DONE,
  FAILED,
  OUTCOME,
  PENDING,
  settle,
  track,
  type Operation,
  type Source,
} from './core/operation.ts'
import { livingScopes } from './core/registry.ts'
import { externalWait, externalWaitOver } from './core/external.ts'
import { pendingOperation } from './core/timed.ts'
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
  if (refused !== null) {
    Promise.resolve(promise).catch(() => {})
    return refused
  }
  makeContexts(livingScopes)
  const operation = pendingOperation(currentScope(), PROMISE, undefined, options, timedOut)
  operation.sinceMs = coarseTime()
  track(operation)
  externalWait()
  Promise.resolve(promise).then(
    (value) => take(operation, DONE, value),
    (error: unknown) => take(operation, FAILED, error),
  )
  return blocking(operation) as Blocking<Awaited<T>>
}

const PROMISE: Source = { kind: 'wait', giveBack: null, withdraw: externalWaitOver }

function take(operation: Operation, outcome: typeof DONE | typeof FAILED, value: unknown): void {
  if ((operation.state & OUTCOME) !== PENDING) return
  externalWaitOver()
  settle(operation, outcome, value)
}

function timedOut(operation: Operation, afterMs: number): void {
  settle(operation, FAILED, new TimeoutError('wait', afterMs))
}
