// The grace period of an end. Cleanup may wait, but not for ever: an ended greenlet that still makes blocking calls gets
// its end again after each period, and the dump says where it was found waiting.
import { extraOf } from './extra.ts'
import { finished, INTERRUPTED } from './life.ts'
import type { Scope } from './scope.ts'
import { startTimer, stopTimer, type Bucket, type Timer } from './timers.ts'

const DEFAULT_GRACE_MS = 1000

/** Called at each blocking call of an ended scope: sees to it that the end comes again. */
export function remindOfEnd(scope: Scope): void {
  if ((scope.bits & INTERRUPTED) !== 0 || extraOf(scope).grace !== undefined) return
  const reminder = new Reminder(scope)
  scope.extra!.grace = reminder
  startTimer(reminder, scope.extra!.graceMs ?? DEFAULT_GRACE_MS)
}

/** Called at an abort of a scope's work: sees to it that a body which it did not reach is not waited for for ever. */
export function remindOfAbort(scope: Scope): void {
  if (extraOf(scope).grace !== undefined) return
  const reminder = new Reminder(scope)
  scope.extra!.grace = reminder
  startTimer(reminder, scope.extra!.graceMs ?? DEFAULT_GRACE_MS)
}

export function forgetReminder(scope: Scope): void {
  const reminder = scope.extra?.grace
  if (reminder !== undefined) stopTimer(reminder)
}

class Reminder implements Timer {
  bucket: Bucket | null = null
  earlier: Timer | null = null
  later: Timer | null = null
  readonly keepsProcess = false
  readonly scope: Scope

  constructor(scope: Scope) {
    this.scope = scope
  }

  fire(): void {
    const { scope } = this
    delete extraOf(scope).grace
    if (!finished(scope)) scope.afterGrace()
  }
}
