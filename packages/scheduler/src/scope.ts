// Scopes: regions of code that are cancelled as one, by a deadline or by hand.
import type { Blocking, Steps } from './blocking.ts'
import type { Plain } from './bodies.ts'
import { checkDelay, checkFunction } from './check.ts'
import { refuse } from './core/begin.ts'
import { extraOf } from './core/extra.ts'
import { FAILED, type FINISHED } from './core/life.ts'
import { blocking, DONE, OUTCOME, PENDING, settle } from './core/operation.ts'
import { passOutcome, Region, Shield } from './core/region.ts'
import type { Scope as CoreScope } from './core/scope.ts'
import { currentClock, startTimerAt, stopTimer, type Bucket, type Timer } from './core/timers.ts'
import { GreenhouseError, TimeoutError } from './errors.ts'

/** A region with a deadline. */
export interface Scope {
  /** Aborted when the scope, or one around it, is cancelled, or its greenlet ended, with the reason. */
  readonly signal: AbortSignal
  /** Whether the deadline has passed. */
  readonly timedOut: boolean
  /** Whether it was cancelled, by the deadline or by `cancel`. */
  readonly cancelled: boolean
  /** Milliseconds left; Infinity without a deadline. */
  readonly leftMs: number
  /** Moves the deadline to `ms` from now. Nothing happens when the scope was cancelled. */
  extend(ms: number): void
  /** Throws `reason` into the body; a GreenhouseError of code GH_CANCELLED by default. */
  cancel(reason?: unknown): void
}

/**
 * Runs a function with a deadline. When it passes, a TimeoutError is thrown at every wait of the body; its cleanup runs, then
 * the call rejects. A body on a promise that greenhouse does not know cannot be interrupted: the call rejects at once, the
 * scope's signal aborts, and the body ends at its next wait.
 *
 * The body starts at once. Ended or timed out from outside, it is thrown into in the same way.
 *
 * @param ms - Milliseconds, at least 0; Infinity for none.
 * @param fn - Gets the scope; async, generator or plain.
 * @returns what `fn` gives.
 * @throws {GH_TIMEOUT} (its `scope` is this one), {GH_INVALID_ARGUMENT}, and what `fn` throws.
 * @example
 * ```ts
 * import { pauseFor, withTimeout } from '@greenhouse/scheduler'
 *
 * await withTimeout(5, async () => {
 *   await pauseFor(1000)
 * }).catch((error) => console.log(error.code)) // => GH_TIMEOUT
 * ```
 */
export function withTimeout<T>(ms: number, fn: (scope: Scope) => Steps<T>): Blocking<T>
export function withTimeout<T>(ms: number, fn: (scope: Scope) => PromiseLike<T>): Blocking<T>
export function withTimeout<T extends Plain>(ms: number, fn: (scope: Scope) => T): Blocking<T>
export function withTimeout(ms: number, fn: unknown): Blocking<unknown> {
  return runDeadline('withTimeout', ms, fn, (deadline, region, outcome, value) => {
    // A body that swallowed its time-out has timed out all the same.
    if (deadline.timedOut && outcome !== FAILED) passOutcome(region, FAILED, region.cause)
    else passOutcome(region, outcome, value)
  })
}

/**
 * Runs a function with a deadline, and goes on without an error when that passes.
 *
 * @param ms - Milliseconds, at least 0; Infinity for none.
 * @param fn - Gets the scope; async, generator or plain.
 * @returns what `fn` gives; undefined when it was cut off (`scope.timedOut`, `scope.cancelled` tell).
 * @throws {GH_INVALID_ARGUMENT}, and what `fn` throws by itself.
 * @example
 * ```ts
 * import { moveOnAfter, pauseFor } from '@greenhouse/scheduler'
 *
 * console.log(await moveOnAfter(5, async () => pauseFor(1000).then(() => 'done'))) // => undefined
 * ```
 */
export function moveOnAfter<T>(ms: number, fn: (scope: Scope) => Steps<T>): Blocking<T | undefined>
export function moveOnAfter<T>(
  ms: number,
  fn: (scope: Scope) => PromiseLike<T>,
): Blocking<T | undefined>
export function moveOnAfter<T extends Plain>(
  ms: number,
  fn: (scope: Scope) => T,
): Blocking<T | undefined>
export function moveOnAfter(ms: number, fn: unknown): Blocking<unknown> {
  return runDeadline('moveOnAfter', ms, fn, (_deadline, region, outcome, value) => {
    const cutOff = region.cause !== undefined && (outcome !== FAILED || value === region.cause)
    if (!cutOff) passOutcome(region, outcome, value)
    else if ((region.operation.state & OUTCOME) === PENDING)
      settle(region.operation, DONE, undefined)
  })
}

/**
 * Runs a function that no end, deadline or exception from outside interrupts: for cleanup that must be whole. What came
 * meanwhile is thrown at the first wait after it. Keep it short, and give it a deadline of its own inside.
 *
 * @param fn - Async, generator or plain.
 * @returns what `fn` gives.
 * @throws {GH_INVALID_ARGUMENT}, and what `fn` throws.
 * @example
 * ```ts
 * import { pauseFor, shield, withTimeout } from '@greenhouse/scheduler'
 *
 * await withTimeout(5, async () => {
 *   await shield(async () => {
 *     await pauseFor(10)
 *     console.log('whole')
 *   })
 * }).catch((error) => console.log(error.code))
 * // => whole
 * // => GH_TIMEOUT
 * ```
 */
export function shield<T>(fn: () => Steps<T>): Blocking<T>
export function shield<T>(fn: () => PromiseLike<T>): Blocking<T>
export function shield<T extends Plain>(fn: () => T): Blocking<T>
export function shield(fn: unknown): Blocking<unknown> {
  checkFunction('fn', fn)
  // Cleanup runs although an interruption waits: no refuse() here.
  const region = new Shield('shield', fn, [], passOutcome)
  region.begin()
  return blocking(region.operation)
}

type Conclude = (
  deadline: Deadline,
  region: Region,
  outcome: typeof FINISHED | typeof FAILED,
  value: unknown,
) => void

function runDeadline(kind: string, ms: number, fn: unknown, conclude: Conclude): Blocking<unknown> {
  checkDelay('ms', ms)
  checkFunction('fn', fn)
  const refused = refuse()
  if (refused !== null) return refused
  const deadline = new Deadline(kind, ms, fn, conclude)
  deadline.region.begin()
  return blocking(deadline.region.operation)
}

class Deadline implements Scope, Timer {
  bucket: Bucket | null = null
  earlier: Timer | null = null
  later: Timer | null = null
  readonly keepsProcess: boolean
  readonly region: Region
  timedOut = false
  afterMs: number

  constructor(kind: string, ms: number, fn: unknown, conclude: Conclude) {
    this.afterMs = ms
    this.region = new Region(kind, fn, [this], (region, outcome, value) => {
      stopTimer(this)
      conclude(this, region, outcome, value)
    })
    this.keepsProcess = !this.region.home.daemon
    this.set(ms)
  }

  get signal(): AbortSignal {
    const extra = extraOf(this.region)
    if (extra.controller === undefined) {
      extra.controller = new AbortController()
      const exit = exitOf(this.region)
      if (exit !== undefined) extra.controller.abort(exit)
    }
    return extra.controller.signal
  }

  get cancelled(): boolean {
    return this.region.cause !== undefined
  }

  get leftMs(): number {
    return Math.max(0, this.region.deadlineMs - currentClock().now())
  }

  extend(ms: number): void {
    checkDelay('ms', ms)
    if (this.cancelled) return
    stopTimer(this)
    this.set(ms)
  }

  set(ms: number): void {
    this.afterMs = ms
    this.region.deadlineMs = currentClock().now() + ms
    startTimerAt(this, this.region.deadlineMs)
  }

  cancel(
    reason: unknown = new GreenhouseError('GH_CANCELLED', `${this.region.kind} was cancelled`),
  ): void {
    stopTimer(this)
    this.region.cancel(reason)
  }

  fire(): void {
    this.timedOut = true
    const error = new TimeoutError(this.region.kind, this.afterMs)
    error.scope = this
    this.region.cancel(error)
  }
}

/** By what a region is cancelled for good, itself or with what is around it in its greenlet. */
function exitOf(region: Region): unknown {
  for (let at: CoreScope = region; ; at = at.outer) {
    const exit = at.extra?.exit
    if (exit !== undefined || at instanceof Shield || !(at instanceof Region) || at.outer === null)
      return exit
  }
}
