// The rest of what primitives are made of.
import type { Blocking } from '../blocking.ts'
import { currentScope, mainScope, running, stepping } from './context.ts'
import { blocking, failedOperation } from './operation.ts'

/** An operation that has failed at once: an unhandled rejection when nobody consumes it. */
export function fail(error: unknown): Blocking<never> {
  return blocking(failedOperation(currentScope(), error, false))
}

/** Whether the caller runs in a greenlet that can be suspended right here: inside a generator greenlet's own step. */
export function canPark(): boolean {
  return running !== null ? stepping !== null : currentScope() !== mainScope()
}
