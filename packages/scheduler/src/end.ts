// Throwing into greenlets: their end, or any exception, now or later.
import { checkDelay, checkMoment, wrongValue } from './check.ts'
import {
  currentGreenlet,
  demandGreenlet,
  demandLiving,
  type CoreGreenlet,
} from './core/greenlet.ts'
import { extraOf } from './core/extra.ts'
import { interrupt, interruptOldest } from './core/interrupt.ts'
import { ENDING, FAILED, finished, INITIAL, LIFE } from './core/life.ts'
import { afterDelay, atMoment } from './core/later.ts'
import { main } from './core/main.ts'
import { abortSignals, regionsBelow } from './core/region.ts'
import { GreenletExit } from './errors.ts'
import type { Greenlet } from './greenlet.ts'

/**
 * Ends a greenlet: a GreenletExit is thrown at its current wait, or at its next one before that tries anything. `finally`
 * blocks run, and may wait; an ended greenlet that goes on waiting gets its end again after a second, and each further one.
 *
 * A finished greenlet, and one that is being ended, are left as they are.
 *
 * @param greenlet - The greenlet to end; the current one is ended at its next wait.
 * @throws {GH_INVALID_ARGUMENT} for anything but a greenlet, and for main.
 * @example
 * ```ts
 * import { end, pauseFor, schedule, pause } from '@greenhouse/scheduler'
 *
 * const greenlet = schedule(async () => {
 *   try {
 *     await pauseFor(1000)
 *   } finally {
 *     console.log('cleaned up')
 *   }
 * })
 * await pause()
 * end(greenlet)
 * await greenlet.join().catch((error) => console.log(error.code))
 * // => cleaned up
 * // => GH_EXIT
 * ```
 *
 * Source: greenhouse/scheduler.py end
 */
export function end(greenlet: Greenlet): void {
  const target = demandGreenlet('greenlet', greenlet)
  if (target === main) wrongValue('greenlet', 'a greenlet other than main', 'main')
  if (finished(target) || (target.bits & ENDING) !== 0) return
  const exit = new GreenletExit(undefined, target)
  const extra = extraOf(target)
  target.bits |= ENDING
  extra.exit = exit
  const below = regionsBelow(target)
  throwInto(target, exit)
  extra.controller?.abort(exit)
  abortSignals(below, exit)
}

/**
 * Throws an exception into a greenlet, at its current wait or at its next. Several arrive in order.
 *
 * @param error - Anything that can be thrown.
 * @param greenlet - A greenlet that has not finished. For main, its oldest wait rejects.
 * @throws {GH_INVALID_ARGUMENT} for anything but a greenlet (TypeError), and for a finished one (RangeError).
 * @example
 * ```ts
 * import { pauseFor, pause, schedule, scheduleException } from '@greenhouse/scheduler'
 *
 * const greenlet = schedule(function* () {
 *   try {
 *     yield* pauseFor(1000)
 *   } catch (error) {
 *     return (error as Error).message
 *   }
 * })
 * await pause()
 * scheduleException(new Error('enough'), greenlet)
 * console.log(await greenlet.join()) // => enough
 * ```
 *
 * Source: greenhouse/scheduler.py schedule_exception
 */
export function scheduleException(error: unknown, greenlet: Greenlet): void {
  throwInto(demandLiving('greenlet', greenlet), error)
}

/**
 * Throws an exception into a greenlet after a delay; nothing happens when it has finished by then.
 *
 * @param ms - Milliseconds, at least 0.
 * @param error - Anything that can be thrown.
 * @param greenlet - A greenlet that has not finished.
 * @throws {GH_INVALID_ARGUMENT} as `scheduleException`, and for a bad delay.
 *
 * Source: greenhouse/scheduler.py schedule_exception_in
 */
export function scheduleExceptionIn(ms: number, error: unknown, greenlet: Greenlet): void {
  checkDelay('ms', ms)
  afterDelay(demandLiving('greenlet', greenlet), ms, (target) => throwInto(target, error))
}

/**
 * Throws an exception into a greenlet at a moment of the wall clock; nothing happens when it has finished by then.
 *
 * @param epochMs - Milliseconds since the epoch.
 * @param error - Anything that can be thrown.
 * @param greenlet - A greenlet that has not finished.
 * @throws {GH_INVALID_ARGUMENT} as `scheduleException`, and for a bad moment.
 *
 * Source: greenhouse/scheduler.py schedule_exception_at
 */
export function scheduleExceptionAt(epochMs: number, error: unknown, greenlet: Greenlet): void {
  checkMoment('epochMs', epochMs)
  atMoment(demandLiving('greenlet', greenlet), epochMs, (target) => throwInto(target, error))
}

/**
 * Gives the greenlet in which the caller runs; outside every greenlet that is `mainGreenlet`.
 *
 * Source: greenlet.getcurrent
 */
export function getCurrent(): Greenlet {
  return currentGreenlet()
}

function throwInto(target: CoreGreenlet, error: unknown): void {
  if ((target.bits & LIFE) === INITIAL) target.finish(FAILED, error)
  else if (target === main) interruptOldest(target, error)
  else interrupt(target, error)
}
