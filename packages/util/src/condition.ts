// Waiting, with a lock, for something to be told.
import { getCurrent, GreenhouseError, shield, withTimeout } from '@greenhouse/scheduler'
import type { Blocking, Greenlet, Plain, Steps, WaitOptions } from '@greenhouse/scheduler'
import {
  checkCount,
  giveFalse,
  isWaitList,
  refuse,
  WaitList,
  wrongType,
} from '@greenhouse/scheduler/kernel'
import type { Held } from './core/grant.ts'
import { nameOf, titleOf, type NameOptions } from './core/named.ts'
import type { Lock } from './lock.ts'
import { RLock } from './rlock.ts'

/** Woken by `notify`: one that cannot take it passes it on. */
const ONE = 1
/** Woken by `notifyAll`, with everybody else. */
const ALL = 2

/**
 * A condition: greenlets that have its lock wait for it to be notified, and have the lock again when they go on.
 *
 * @param lock - A Lock or RLock; an RLock of its own by default.
 * @param options - `name`.
 * @throws {GH_INVALID_ARGUMENT} when `lock` is neither.
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { Condition } from '@greenhouse/util'
 *
 * const cond = new Condition()
 * let tea = false
 * const guest = schedule(async () => {
 *   await cond.acquire()
 *   while (!tea) await cond.wait()
 *   console.log('tea!')
 *   cond.release()
 * })
 * await cond.acquire()
 * tea = true
 * cond.notify()
 * cond.release()
 * await guest.join()
 * // => tea!
 * ```
 *
 * Source: greenhouse/utils.py Condition. Differs: a re-entrant lock is released wholly while it waits.
 */
export class Condition {
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** The lock that goes with it. */
  readonly lock: Lock | RLock
  /** @internal */
  readonly waiters: WaitList<number | boolean>

  constructor(lock: Lock | RLock = new RLock(), options?: NameOptions) {
    const given = lock as Partial<Lock> | null
    if (typeof given?.surrender !== 'function' || !isWaitList(given.waiters))
      wrongType('lock', 'a Lock or an RLock', lock)
    this.lock = lock
    this.name = nameOf('Condition', this, options)
    this.waiters = new WaitList<number | boolean>(
      'Condition.wait',
      (woken) => this.passOn(woken),
      this,
    )
  }

  /** Whether somebody has the lock. */
  get locked(): boolean {
    return this.lock.locked
  }

  /** The greenlet that has the lock, null when it is open. */
  get holder(): Greenlet | null {
    return this.lock.holder
  }

  /** Acquires the lock: see `acquire` of Lock and RLock. */
  acquire(options?: WaitOptions): Blocking<boolean> {
    return this.lock.acquire(options)
  }

  /** Takes the lock if that is possible without waiting. Gives whether it did. */
  tryAcquire(): boolean {
    return this.lock.tryAcquire()
  }

  /** Releases the lock: see `release` of Lock and RLock. */
  release(): void {
    this.lock.release()
  }

  /** Holds the lock until released or disposed of: see `hold` of Lock and RLock. */
  hold(options?: WaitOptions): Blocking<Held> {
    return this.lock.hold(options)
  }

  /**
   * Runs a function with the lock, in the current greenlet.
   *
   * @param fn - Async, generator or plain.
   * @param options - For the wait for the lock: `timeoutMs`, `signal`.
   * @returns what `fn` gives.
   * @throws {GH_TIMEOUT} when the lock did not come in time; what `fn` throws.
   */
  run<T>(fn: () => Steps<T>, options?: WaitOptions): Blocking<T>
  run<T>(fn: () => PromiseLike<T>, options?: WaitOptions): Blocking<T>
  run<T extends Plain>(fn: () => T, options?: WaitOptions): Blocking<T>
  run(fn: unknown, options?: WaitOptions): Blocking<unknown> {
    return this.lock.run(fn as () => PromiseLike<unknown>, options)
  }

  /**
   * Releases the lock, all levels of it, waits to be notified, and has the lock again, as many levels, when it goes on.
   *
   * However the wait ends, by a time-out, an end or an abort too, the lock is acquired again first; that cannot be cut short.
   *
   * @param options - `timeoutMs`, `signal`: for the wait, not for the lock.
   * @returns true, or false when the time was up.
   * @throws {GH_INVALID_STATE} when the current greenlet does not have the lock; the signal's reason.
   *
   * Source: greenhouse/utils.py Condition.wait. Differs: false on time-out; the original gave the reverse.
   */
  wait(options?: WaitOptions): Blocking<boolean> {
    const refused = refuse(options)
    if (refused !== null) return refused
    this.demandLock('wait')
    return waitOutside(this, options)
  }

  /**
   * Wakes those that have waited longest.
   *
   * @param n - How many, at least 1; 1 by default. Fewer may be waiting.
   * @throws {GH_INVALID_STATE} when the current greenlet does not have the lock.
   */
  notify(n: number = 1): void {
    checkCount('n', n, 1)
    this.demandLock('notify')
    for (let left = n; left > 0 && this.waiters.wake(ONE); left--);
  }

  /**
   * Wakes all that wait, in order.
   *
   * @throws {GH_INVALID_STATE} when the current greenlet does not have the lock.
   */
  notifyAll(): void {
    this.demandLock('notifyAll')
    this.waiters.wakeAll(ALL)
  }

  /** How things stand. */
  statistics(): { locked: boolean; waiting: number } {
    return { locked: this.lock.locked, waiting: this.waiters.size }
  }

  /** @internal */
  passOn(woken: number | boolean): void {
    if (woken === ONE) this.waiters.wake(ONE)
  }

  /** @internal */
  demandLock(method: string): void {
    if (this.lock.owner === getCurrent()) return
    const title = titleOf('condition', this.name)
    throw new GreenhouseError(
      'GH_INVALID_STATE',
      `${method} of the ${title} needs its lock, which the current greenlet does not have`,
    )
  }
}

/** Gives the lock away, waits, and takes it again; eager, and one operation for the caller. */
function waitOutside(cond: Condition, options: WaitOptions | undefined): Blocking<boolean> {
  return withTimeout(Infinity, function* () {
    const { lock, waiters } = cond
    const levels = lock.surrender()
    let woken
    try {
      woken = yield* waiters.park(undefined, options, giveFalse)
    } finally {
      // Queues even behind another flow of the same greenlet.
      if (lock.locked) {
        yield* shield(function* () {
          yield* lock.waiters.park(true, undefined, giveFalse)
        })
      } else lock.tryAcquire()
      lock.reclaim(levels)
    }
    // What interrupted the wait for the lock is thrown now.
    const late = refuse()
    if (late !== null) yield* late
    return woken !== false
  })
}
