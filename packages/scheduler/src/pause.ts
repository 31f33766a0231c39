// Giving way to others, for a turn or for a time.
import type { Blocking, WaitOptions } from './blocking.ts'
import { checkDelay, checkMoment } from './check.ts'
import { refuse } from './core/begin.ts'
import { coarseTime } from './core/coarse-time.ts'
import { currentScope, mainScope, stepping } from './core/context.ts'
import { track } from './core/open-operations.ts'
import {
  blocking,
  CONSUMED,
  DONE,
  NOTHING,
  Operation,
  PENDING,
  settle,
  YIELDS,
  type Source,
} from './core/operation.ts'
import { push, putBack, type Runnable } from './core/run-queue.ts'
import { watchSignal } from './core/signals.ts'
import { TimedOperation } from './core/timed.ts'
import { currentClock, startTimer } from './core/timers.ts'

/**
 * Lets every other greenlet that is ready run, then goes on.
 *
 * Ended or thrown into meanwhile, it throws that.
 *
 * @returns nothing.
 * @example
 * ```ts
 * import { pause, schedule } from '@greenhouse/scheduler'
 *
 * schedule(() => console.log('other'))
 * await pause()
 * console.log('me')
 * // => other
 * // => me
 * ```
 *
 * Source: greenhouse/scheduler.py pause. Differs: it does not wait for a poll of the event loop; the mainloop polls by itself
 * once a slice.
 */
export function pause(): Blocking<void> {
  const refused = refuse()
  if (refused !== null) return refused
  // Inside a generator one operation serves all: it is the greenlet itself that goes to the back of the queue.
  if (stepping !== null) return (shared ??= makeShared())
  const operation = new Pause(currentScope(), PAUSE, PENDING, undefined)
  operation.sinceMs = coarseTime()
  track(operation)
  push(operation)
  return blocking(operation) as Blocking<void>
}

/**
 * Waits for a time.
 *
 * @param ms - Milliseconds, at least 0; never early. Infinity waits until ended.
 * @param options - `signal`.
 * @returns nothing.
 * @throws {GH_INVALID_ARGUMENT} for a bad delay; the signal's reason when aborted.
 * @example
 * ```ts
 * import { pauseFor } from '@greenhouse/scheduler'
 *
 * await pauseFor(5)
 * ```
 *
 * Source: greenhouse/scheduler.py pause_for
 */
export function pauseFor(ms: number, options?: Pick<WaitOptions, 'signal'>): Blocking<void> {
  checkDelay('ms', ms)
  return refuse(options) ?? sleep(ms, wakeUp, options?.signal)
}

/**
 * Waits for a moment of the wall clock.
 *
 * @param epochMs - Milliseconds since the epoch; one that has passed means a mere turn.
 * @param options - `signal`.
 * @returns nothing.
 * @throws {GH_INVALID_ARGUMENT} for a bad moment; the signal's reason when aborted.
 *
 * Source: greenhouse/scheduler.py pause_until
 */
export function pauseUntil(epochMs: number, options?: Pick<WaitOptions, 'signal'>): Blocking<void> {
  checkMoment('epochMs', epochMs)
  return (
    refuse(options) ??
    sleep(
      napMs(epochMs),
      (operation) => wakeAt(operation as TimedOperation, epochMs),
      options?.signal,
    )
  )
}

const PAUSE: Source = { kind: 'pause', giveBack: null, withdraw() {} }
const SLEEP: Source = { kind: 'pauseFor', giveBack: null, withdraw() {} }
/** How often a wait for a moment of the wall clock looks whether that clock was set. */
const LONGEST_NAP_MS = 60_000

let shared: Blocking<void> | undefined

function makeShared(): Blocking<void> {
  return blocking(new Operation<void>(mainScope(), NOTHING, DONE | YIELDS | CONSUMED, undefined))
}

/**
 * A pause outside generators stands in the run queue itself, and resolves whoever waits for it by its turn. `await` comes a
 * microtask late: a turn that finds nobody is taken when the microtasks are through.
 */
class Pause extends Operation implements Runnable {
  late = false

  run(): boolean {
    if (!this.parked) return false
    const { consumer } = this
    if (consumer === null && !this.late) {
      this.late = true
      putBack(this)
      return true
    }
    const alone = consumer !== null && !Array.isArray(consumer)
    if (alone) this.consumer = null
    settle(this, DONE, undefined)
    return alone && consumer.run()
  }
}

function sleep(
  ms: number,
  expire: (operation: Operation) => void,
  signal: AbortSignal | undefined,
): Blocking<void> {
  const operation = new TimedOperation(currentScope(), SLEEP, undefined, ms, expire)
  operation.sinceMs = coarseTime()
  startTimer(operation, ms)
  if (signal !== undefined) watchSignal((operation.signal = signal), operation)
  track(operation)
  return blocking(operation) as Blocking<void>
}

function wakeUp(operation: Operation): void {
  settle(operation, DONE, undefined)
}

function wakeAt(operation: TimedOperation, epochMs: number): void {
  if (currentClock().wallNow() >= epochMs) wakeUp(operation)
  else startTimer(operation, napMs(epochMs))
}

function napMs(epochMs: number): number {
  return Math.min(LONGEST_NAP_MS, Math.max(0, epochMs - currentClock().wallNow()))
}
