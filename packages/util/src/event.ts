// A flag to wait for. Setting it wakes everybody who waits at that moment.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { complete, giveFalse, refuse, WaitList } from '@greenhouse/scheduler/kernel'
import { nameOf, type NameOptions } from './core/named.ts'

/**
 * A flag that greenlets wait for.
 *
 * @param options - `name`.
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { Event } from '@greenhouse/util'
 *
 * const ready = new Event()
 * schedule(() => ready.set())
 * console.log(await ready.wait()) // => true
 * ```
 *
 * Source: greenhouse/utils.py Event. Differs: waiters wake in the order in which they came.
 */
export class Event {
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** @internal */
  readonly waiters: WaitList<boolean>
  /** @internal */
  flag = false

  constructor(options?: NameOptions) {
    this.name = nameOf('Event', this, options)
    this.waiters = new WaitList<boolean>('Event.wait', null, this)
  }

  /** Whether the flag is up. */
  get isSet(): boolean {
    return this.flag
  }

  /** Puts the flag up, and wakes all that wait now, in order; they wake even when `clear` follows at once. */
  set(): void {
    this.flag = true
    this.waiters.wakeAll(true)
  }

  /** Takes the flag down. */
  clear(): void {
    this.flag = false
  }

  /**
   * Waits until the flag is up.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns true, or false when the time was up.
   * @throws the signal's reason.
   *
   * Source: greenhouse/utils.py Event.wait. Differs: false on time-out; the original gave the reverse.
   */
  wait(options?: WaitOptions): Blocking<boolean> {
    const refused = refuse(options)
    if (refused !== null) return refused
    return this.flag ? complete(true) : this.waiters.park(undefined, options, giveFalse)
  }

  /** How things stand. */
  statistics(): { isSet: boolean; waiting: number } {
    return { isSet: this.flag, waiting: this.waiters.size }
  }
}
