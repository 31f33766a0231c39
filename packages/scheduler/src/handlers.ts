// Exception handlers: who hears of an error that no joiner took. They are held strongly; one that throws is itself reported.
import { checkFunction } from './check.ts'
import { ORPHAN } from './core/life.ts'
import { orphan } from './core/orphans.ts'
import type { Scope } from './core/scope.ts'
import { lifeWatched, uncaughtBy } from './core/telemetry.ts'
import type { Greenlet } from './greenlet.ts'

/** Hears of an error that ended a greenlet. */
export type ExceptionHandler = (error: unknown, greenlet: Greenlet) => void

const globalHandlers: ExceptionHandler[] = []

/**
 * Adds a handler for the uncaught errors of all greenlets; it runs after the local ones.
 *
 * @param handler - Called with the error and its greenlet.
 * @returns the handler itself.
 * @throws {GH_INVALID_ARGUMENT} when it is no function.
 *
 * Source: greenhouse/scheduler.py global_exception_handler
 */
export function globalExceptionHandler<H extends ExceptionHandler>(handler: H): H {
  checkFunction('handler', handler)
  globalHandlers.push(handler)
  return handler
}

/**
 * Takes a global handler away.
 *
 * @returns whether it was there.
 *
 * Source: greenhouse/scheduler.py remove_global_exception_handler
 */
export function removeGlobalExceptionHandler(handler: ExceptionHandler): boolean {
  return removeFrom(globalHandlers, handler)
}

/** Tells the handlers of an error, local ones first; with none, Node's own policy for unhandled rejections decides. */
export function report(error: unknown, scope: Scope): void {
  if (lifeWatched) uncaughtBy(scope.greenlet, error)
  const handlers = [...(scope.extra?.handlers ?? []), ...globalHandlers]
  if (handlers.length === 0) {
    scope.bits |= ORPHAN
    orphan(scope, error)
  }
  for (const handler of handlers) {
    try {
      handler(error, scope.greenlet)
    } catch (thrown) {
      void Promise.reject(thrown)
    }
  }
}

export function removeFrom<T>(list: T[] | undefined, item: T): boolean {
  const at = list === undefined ? -1 : list.indexOf(item)
  if (at === -1) return false
  list!.splice(at, 1)
  return true
}
