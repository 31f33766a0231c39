// The errors that wait to be thrown into a scope. One counts as delivered when somebody *consumes* it.
import { INTERRUPTED } from './life.ts'
import type { Scope } from './scope.ts'

/** The error to be thrown now; the scope must be INTERRUPTED. */
export function takeInterruption(scope: Scope): unknown {
  const thrown = scope.extra!.thrown!
  const error = thrown.shift()
  if (thrown.length === 0) scope.bits &= ~INTERRUPTED
  return error
}

/** Somebody got this error from an operation of the scope: if it was an interruption, it is delivered now. */
export function received(scope: Scope, error: unknown): void {
  if ((scope.bits & INTERRUPTED) !== 0 && scope.extra!.thrown![0] === error) takeInterruption(scope)
}
