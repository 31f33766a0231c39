// What the kernel can do and its typings do not yet say: taking a waiter out of a list wherever it stands, and telling the
// time.
import * as kernel from '@greenhouse/scheduler/kernel'
import type { Operation } from '@greenhouse/scheduler/kernel'

/** What a waiting operation waits on. */
export type Source = Operation['source']

/** Takes a waiter out of a list. */
export function leave(list: object, operation: Operation): void {
  ;(list as Source).withdraw(operation)
}

/** Monotonic milliseconds, by the clock of the scheduler. */
export const now: () => number = (kernel as { now?: () => number }).now ?? (() => performance.now())
