// The operations that are open in a scope: an end of the scope reaches them. The first stands in the scope itself; most
// scopes never have another.
import { isMain } from './context.ts'
import { extraOf } from './extra.ts'
import type { Operation } from './operation.ts'
import type { Scope } from './scope.ts'
import { noteWait, recording } from './sites.ts'

export function track(operation: Operation): void {
  if (recording) noteWait(operation)
  const scope = operation.scope
  if (scope.pending === null && !isMain(scope)) scope.pending = operation
  else (extraOf(scope).operations ??= new Set()).add(operation)
}

export function untrack(operation: Operation): void {
  const scope = operation.scope
  if (scope.pending === operation) scope.pending = null
  else if (scope.extra !== null) scope.extra.operations?.delete(operation)
}

/** The open operations of a scope, oldest first where there are many. */
export function openOperations(scope: Scope): Operation[] {
  const more = scope.extra?.operations
  const all = scope.pending === null ? [] : [scope.pending]
  return more === undefined ? all : all.concat(...more)
}

/** What a scope is parked on: the oldest operation whose outcome is still to come; null when there is none. */
export function parkedOperation(scope: Scope): Operation | null {
  const { input, pending, extra } = scope
  if (input !== null && input.parked) return input
  if (pending !== null && pending.parked) return pending
  for (const operation of extra?.operations ?? []) if (operation.parked) return operation
  return null
}
