// What the lists of the kernel can do and its typings do not yet say: taking one waiter out wherever it stands, putting
// one in at the end, and stopping its time-out.
import type { Operation } from '@greenhouse/scheduler/kernel'

/** What a waiting operation waits on. */
export type Source = Operation['source']

/** Takes a waiter out of a list. */
export function leave(list: object, operation: Operation): void {
  ;(list as Source).withdraw(operation)
}

/** Puts a waiter at the end of a list. */
export function enter(list: object, operation: Operation): void {
  ;(list as { append(operation: Operation): void }).append(operation)
}

/** Gives up the time-out and the abort signal of a waiter. */
export function disarm(operation: Operation): void {
  ;(operation as Operation & { disarm?(): void }).disarm?.()
}
