// Interruptions: an end, a deadline or a scheduled exception is thrown at the current waits of a scope, or at its next one
// before that tries anything.
import { extraOf } from './extra.ts'
import { ALIVE, GENERATOR, INTERRUPTED, LIFE } from './life.ts'
import { openOperations } from './open-operations.ts'
import { cancel, OUTCOME, PENDING, removeConsumer } from './operation.ts'
import { push } from './run-queue.ts'
import type { Scope } from './scope.ts'
import { abortWork } from './work.ts'

/** Into which an error is being thrown: the regions in it hear of it by themselves. */
export let interrupting: Scope | null = null

/** Throws an error into a scope, at all its current waits or at its next. */
export function interrupt(scope: Scope, error: unknown): void {
  const around = interrupting
  interrupting = scope
  throwAtWaits(scope, error)
  interrupting = around
}

function throwAtWaits(scope: Scope, error: unknown): void {
  // A generator is thrown into at its wait; an async body hears of it from what was aborted.
  let delegated = abortWork(scope, error) && (scope.bits & GENERATOR) === 0
  const open = openOperations(scope)
  for (const operation of open) {
    const { source } = operation
    if (source.interrupt === undefined || (operation.state & OUTCOME) !== PENDING) continue
    source.interrupt(operation, error)
    delegated = true
  }
  for (const operation of open)
    if (operation.source.interrupt === undefined && operation.parked) cancel(operation, error)
  // What they were handed goes back to the front of its line, the newest first: so the oldest ends up foremost.
  for (const operation of open.reverse())
    if (operation.source.interrupt === undefined) cancel(operation, error)
  if (!delegated) throwAtNextWait(scope, error)
}

/** Throws an error into the oldest wait of a scope that is many flows at once: main. */
export function interruptOldest(scope: Scope, error: unknown): void {
  const oldest = openOperations(scope).find((operation) => operation.parked)
  if (oldest === undefined) return throwAtNextWait(scope, error)
  if (oldest.source.interrupt === undefined) cancel(oldest, error)
  else oldest.source.interrupt(oldest, error)
}

/** Notes an error to be thrown at the next wait of a scope. */
export function noteInterruption(scope: Scope, error: unknown): void {
  const thrown = (extraOf(scope).thrown ??= [])
  if (!thrown.includes(error)) thrown.push(error)
  scope.bits |= INTERRUPTED
}

/** Throws an error into a scope at its next wait, or out of the wait on an operation that is not its own. */
export function throwAtNextWait(scope: Scope, error: unknown): void {
  noteInterruption(scope, error)
  if ((scope.bits & (LIFE | GENERATOR)) !== (ALIVE | GENERATOR)) return
  const { input } = scope
  if (input === null || (input.state & OUTCOME) !== PENDING) return
  // Parked on an operation of another scope, which goes on.
  removeConsumer(input, scope)
  push(scope)
}
