// What the waiters of a lock get: `true` for an `acquire`; anything else says by itself what to do once it has the lock.
import { resume, resumeError, type Operation } from '@greenhouse/scheduler/kernel'
import { TimeoutError } from '@greenhouse/scheduler'

/** Parked with a waiter whose outcome is not `true`. */
export interface Grant {
  /** The waiter has got the lock. */
  granted(operation: Operation): void
}

/** Tells a waiter that was taken out of its list that it has the lock. */
export function grant(operation: Operation): void {
  if (operation.value === true) resume(operation, true)
  else (operation.value as Grant).granted(operation)
}

/** What can be held for a while. */
export interface Holdable {
  /** Gives back what one `hold` took, whoever asks. */
  giveBack(): void
}

/** Something held until it is released: what `hold()` gives. */
export interface Held extends Disposable {
  /** Gives back what is held; a second call does nothing. */
  release(): void
}

export class Hold implements Held, Grant {
  held: Holdable | null

  constructor(held: Holdable) {
    this.held = held
  }

  release(): void {
    const { held } = this
    this.held = null
    held?.giveBack()
  }

  [Symbol.dispose](): void {
    this.release()
  }

  granted(operation: Operation): void {
    resume(operation, this)
  }
}

/** For waits whose time-out is an error. */
export function holdTimedOut(operation: Operation, afterMs: number): void {
  resumeError(operation, new TimeoutError('hold', afterMs))
}
