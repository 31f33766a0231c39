// One asynchronous call into Node as a blocking operation.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { refuse, resume, resumeError, type Operation } from '@greenhouse/scheduler/kernel'
import { OutsideList } from './outside.ts'

/** Ends a call: with an error, or with its value. Later calls do nothing but give a late value back. */
export type Done<T> = (error: unknown, value?: T) => void

/** Starts the work; the function that it may return stops it, and is called when nobody waits any more. */
export type Start<T> = (done: Done<T>) => (() => void) | undefined

/**
 * Makes a blocking operation of one call.
 *
 * Cancelled or timed out, `stop` is called at once; a value that comes too late, or that nobody consumed, goes to
 * `giveBack`.
 */
export function call<T>(
  kind: string,
  options: WaitOptions | undefined,
  start: Start<T>,
  giveBack: ((value: T) => void) | null = null,
): Blocking<T> {
  return refuse(options) ?? new Call(kind, giveBack).start(options, start)
}

class Call<T> extends OutsideList<T> {
  private stop: (() => void) | undefined

  start(options: WaitOptions | undefined, start: Start<T>): Blocking<T> {
    const blocking = this.park<T>(undefined, options)
    // A time-out of 0 ends the wait before the call is made.
    if (this.size === 0) return blocking
    try {
      const stop = start((error, value) => this.end(error, value as T))
      // It may have ended at once: then there is nothing to stop.
      if (this.size > 0) this.stop = stop
    } catch (error) {
      this.end(error, undefined as T)
    }
    return blocking
  }

  end(error: unknown, value: T): void {
    this.stop = undefined
    const operation = this.shift()
    if (operation === null) {
      if (error === null || error === undefined) this.giveBack?.(value)
    } else if (error !== null && error !== undefined) resumeError(operation, error)
    else resume(operation, value)
  }

  override withdraw(operation: Operation): void {
    super.withdraw(operation)
    const { stop } = this
    this.stop = undefined
    stop?.()
  }
}
