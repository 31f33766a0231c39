// How every blocking call begins: an interruption that waits for its scope is thrown before anything is tried, and its
// options are checked.
import type { Blocking, WaitOptions } from '../blocking.ts'
import { checkDelay, checkOptions, wrongType } from '../check.ts'
import { currentScope } from './context.ts'
import { ENDING, INTERRUPTED } from './life.ts'
import { remindOfEnd } from './grace.ts'
import { blocking, failedOperation } from './operation.ts'
import type { Scope } from './scope.ts'

/** A failed operation when the call may not be tried, null when it may. Throws on options that make no sense. */
export function refuse(options?: WaitOptions): Blocking<never> | null {
  const scope = currentScope()
  if ((scope.bits & (INTERRUPTED | ENDING)) !== 0) {
    const interruption = attend(scope)
    if (interruption !== null) return interruption
  }
  return options === undefined ? null : check(scope, options)
}

function attend(scope: Scope): Blocking<never> | null {
  if ((scope.bits & ENDING) !== 0) remindOfEnd(scope)
  if ((scope.bits & INTERRUPTED) === 0) return null
  return blocking(failedOperation(scope, scope.extra!.thrown![0], true))
}

function check(scope: Scope, options: WaitOptions): Blocking<never> | null {
  checkOptions('options', options)
  const { timeoutMs, signal } = options
  if (timeoutMs !== undefined) checkDelay('options.timeoutMs', timeoutMs)
  if (signal === undefined) return null
  if (!(signal instanceof AbortSignal)) wrongType('options.signal', 'an AbortSignal', signal)
  return signal.aborted ? blocking(failedOperation(scope, signal.reason, false)) : null
}
