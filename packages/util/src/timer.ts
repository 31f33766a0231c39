// A function that is called later, unless cancelled: the face of Python's threading.Timer.
import { end, scheduleIn } from '@greenhouse/scheduler'
import { checkDelay, checkFunction } from '@greenhouse/scheduler/kernel'
import { Thread } from './thread.ts'

/**
 * A thread that runs its function after a time.
 *
 * @param delayMs - Milliseconds from `start`, at least 0; never early.
 * @param fn - An async, generator or plain function.
 * @param args - Handed to it.
 * @throws {GH_INVALID_ARGUMENT} for bad arguments.
 * @example
 * ```ts
 * import { Timer } from '@greenhouse/util'
 *
 * const tea = new Timer(3, (what: string) => console.log(what), 'tea is ready')
 * const toast = new Timer(1, () => console.log('toast is ready'))
 * tea.start()
 * toast.start()
 * console.log(toast.cancel()) // => true
 * await tea.join()
 * // => tea is ready
 * ```
 *
 * Source: greenhouse/utils.py Timer
 */
export class Timer extends Thread {
  /** @internal */
  readonly delayMs: number
  /** @internal */
  cancelled = false

  constructor(delayMs: number, fn: (...args: never[]) => unknown, ...args: unknown[]) {
    checkDelay('delayMs', delayMs)
    checkFunction('fn', fn)
    super(fn, { args })
    this.delayMs = delayMs
  }

  /**
   * Makes timers from functions: `Timer.wrap(1000, 'x')(fn)` is `new Timer(1000, fn, 'x')`. They are not started.
   *
   * @param delayMs - Milliseconds from `start`, at least 0.
   * @param args - Handed to the function.
   * @returns a function that takes the function and gives the timer.
   *
   * Source: greenhouse/utils.py Timer.wrap
   */
  static wrap(delayMs: number, ...args: unknown[]): (fn: (...args: never[]) => unknown) => Timer {
    checkDelay('delayMs', delayMs)
    return (fn) => new Timer(delayMs, fn, ...args)
  }

  /**
   * Starts the time.
   *
   * @throws {GH_INVALID_STATE} when it was started before.
   */
  override start(): void {
    scheduleIn(this.delayMs, this.makeGreenlet())
    if (this.cancelled) this.stop()
  }

  /** Prevents the run. Gives whether it did: not when the function runs already or has run. */
  cancel(): boolean {
    if (this.cancelled || (this.greenlet !== null && this.greenlet.state !== 'initial'))
      return false
    this.cancelled = true
    if (this.greenlet !== null) this.stop()
    return true
  }

  /** @internal */
  stop(): void {
    end(this.greenlet!)
    this.finish()
  }
}
