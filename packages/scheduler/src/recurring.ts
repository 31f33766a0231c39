// Recurring work: the next run is planned from the plan, not from the clock, so that it does not drift.
import { AsyncResource } from 'node:async_hooks'
import type { AsyncBody, GeneratorBody, Plain, PlainBody } from './bodies.ts'
import { checkCount, checkDelay, checkMoment, checkOptions, wrongType } from './check.ts'
import { CoreGreenlet, describe, isGreenlet } from './core/greenlet.ts'
import { INITIAL, LIFE, SCHEDULED } from './core/life.ts'
import { push } from './core/run-queue.ts'
import { currentClock, startTimerAt, stopTimer, type Bucket, type Timer } from './core/timers.ts'
import type { Greenlet } from './greenlet.ts'

/** When and how often to run. */
export interface RecurringOptions<A extends unknown[] = unknown[]> {
  /** How many runs; Infinity by default. */
  readonly maxTimes?: number
  /** Milliseconds since the epoch of the first run; an interval from now by default. */
  readonly startAtMs?: number
  /** The arguments for each run. */
  readonly args?: A
}

/** A series of runs. */
export interface Recurring {
  /** How many runs have been started. */
  readonly runs: number
  /** Whether there are more to come. */
  readonly active: boolean
  /** Ends the series; a run that has begun goes on. */
  stop(): void
}

/**
 * Runs a function again and again, each time in a greenlet of its own.
 *
 * The runs do not drift; ones that were missed while the process was busy are left out. An error of a run goes to the
 * exception handlers, and the series goes on. The process lives as long as the series.
 *
 * @param intervalMs - Milliseconds between two runs, at least 1.
 * @param fn - As for `schedule`; a greenlet that has not started gives its function and arguments.
 * @param options - `maxTimes`, `startAtMs`, `args`.
 * @returns a handle with `stop()`.
 * @throws {GH_INVALID_ARGUMENT} for bad arguments, and a greenlet that has started or finished.
 * @example
 * ```ts
 * import { pauseFor, scheduleRecurring } from '@greenhouse/scheduler'
 *
 * const series = scheduleRecurring(5, (text: string) => console.log(text), { maxTimes: 2, args: ['tick'] })
 * while (series.active) await pauseFor(5)
 * // => tick
 * // => tick
 * ```
 *
 * Source: greenhouse/scheduler.py schedule_recurring. Differs: `startAtMs` is the first run; a handle stops it.
 */
export function scheduleRecurring<A extends unknown[], T>(
  intervalMs: number,
  fn: GeneratorBody<A, T>,
  options?: RecurringOptions<A>,
): Recurring
export function scheduleRecurring<A extends unknown[], T>(
  intervalMs: number,
  fn: AsyncBody<A, T>,
  options?: RecurringOptions<A>,
): Recurring
export function scheduleRecurring<A extends unknown[], T extends Plain>(
  intervalMs: number,
  fn: PlainBody<A, T>,
  options?: RecurringOptions<A>,
): Recurring
export function scheduleRecurring(
  intervalMs: number,
  fn: Greenlet,
  options?: RecurringOptions,
): Recurring
export function scheduleRecurring(
  intervalMs: number,
  fn: unknown,
  options: RecurringOptions = {},
): Recurring {
  checkDelay('intervalMs', intervalMs)
  checkCount('intervalMs', Math.ceil(intervalMs), 1)
  checkOptions('options', options)
  const { maxTimes = Infinity, startAtMs, args } = options
  checkCount('options.maxTimes', maxTimes, 1)
  if (args !== undefined && !Array.isArray(args))
    wrongType('options.args', 'an array of arguments', args)
  const clock = currentClock()
  let delayMs = intervalMs
  if (startAtMs !== undefined) {
    checkMoment('options.startAtMs', startAtMs)
    delayMs = Math.max(0, startAtMs - clock.wallNow())
  }
  const body = bodyOf(fn)
  return new Series(body.fn, args ?? body.args, intervalMs, maxTimes, clock.now() + delayMs)
}

class Series implements Recurring, Timer {
  bucket: Bucket | null = null
  earlier: Timer | null = null
  later: Timer | null = null
  readonly keepsProcess = true
  runs = 0
  active = true
  /** @internal */
  readonly run: () => void

  constructor(fn: unknown, args: unknown[], intervalMs: number, maxTimes: number, firstMs: number) {
    let plannedMs = firstMs
    // Each run inherits the context of who asked for the series, not that of the timer.
    const context = new AsyncResource('GreenhouseRecurring', { requireManualDestroy: true })
    const spawn = () => push(new CoreGreenlet(null, INITIAL | SCHEDULED, fn, args))
    this.run = () => {
      context.runInAsyncScope(spawn)
      if (++this.runs >= maxTimes) return this.stop()
      const missed = Math.floor((currentClock().now() - plannedMs) / intervalMs)
      plannedMs += intervalMs * (1 + Math.max(0, missed))
      startTimerAt(this, plannedMs)
    }
    startTimerAt(this, plannedMs)
  }

  fire(): void {
    this.run()
  }

  stop(): void {
    this.active = false
    stopTimer(this)
  }
}

function bodyOf(fn: unknown): { fn: unknown; args: unknown[] } {
  if (typeof fn === 'function') return { fn, args: [] }
  if (!isGreenlet(fn)) wrongType('fn', 'a function or a greenlet', fn)
  const greenlet = fn as CoreGreenlet
  if ((greenlet.bits & LIFE) !== INITIAL)
    wrongType('fn', 'a greenlet that has not started', describe(greenlet))
  return { fn: greenlet.fn, args: greenlet.body as unknown[] }
}
