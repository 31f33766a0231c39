// Exception handlers of one greenlet.
import { checkFunction } from './check.ts'
import { extraOf } from './core/extra.ts'
import { currentGreenlet, demandGreenlet } from './core/greenlet.ts'
import type { Greenlet } from './greenlet.ts'
import { removeFrom, report, type ExceptionHandler } from './handlers.ts'

/**
 * Adds a handler for the uncaught error of one greenlet; it runs before the global ones.
 *
 * @param handler - Called with the error and the greenlet.
 * @param greenlet - Whose; the current one by default.
 * @returns the handler itself.
 * @throws {GH_INVALID_ARGUMENT} when it is no function, or `greenlet` no greenlet.
 * @example
 * ```ts
 * import { localExceptionHandler, pause, schedule } from '@greenhouse/scheduler'
 *
 * const greenlet = schedule(() => {
 *   throw new Error('oops')
 * })
 * localExceptionHandler((error) => console.log((error as Error).message), greenlet)
 * await pause()
 * // => oops
 * ```
 *
 * Source: greenhouse/scheduler.py local_exception_handler
 */
export function localExceptionHandler<H extends ExceptionHandler>(
  handler: H,
  greenlet: Greenlet = currentGreenlet(),
): H {
  checkFunction('handler', handler)
  ;(extraOf(demandGreenlet('greenlet', greenlet)).handlers ??= []).push(handler)
  return handler
}

/**
 * Takes a local handler away.
 *
 * @returns whether it was there.
 *
 * Source: greenhouse/scheduler.py remove_local_exception_handler
 */
export function removeLocalExceptionHandler(
  handler: ExceptionHandler,
  greenlet: Greenlet = currentGreenlet(),
): boolean {
  return removeFrom(demandGreenlet('greenlet', greenlet).extra?.handlers, handler)
}

/**
 * Hands an error to the exception handlers, as if it had ended a greenlet; with no handler it is an unhandled rejection.
 *
 * @param error - Anything.
 * @param greenlet - Whose local handlers hear of it first; the current one by default.
 *
 * Source: greenhouse/scheduler.py handle_exception
 */
export function handleException(error: unknown, greenlet: Greenlet = currentGreenlet()): void {
  report(error, demandGreenlet('greenlet', greenlet))
}
