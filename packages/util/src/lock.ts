// Mutual exclusion. The lock is handed straight to the first waiter: nobody can take it in between.
import { getCurrent, GreenhouseError } from '@greenhouse/scheduler'
import type { Blocking, Greenlet, Plain, Steps, WaitOptions } from '@greenhouse/scheduler'
import { giveFalse, refuse, WaitList, type Operation } from '@greenhouse/scheduler/kernel'
import { grant, Hold, holdTimedOut, type Held } from './core/grant.ts'
import { nameOf, titleOf, type NameOptions } from './core/named.ts'
import { runHolding } from './core/run.ts'

/**
 * A lock: one greenlet at a time. It is not re-entrant, and any greenlet may release it.
 *
 * @param options - `name`.
 * @example
 * ```ts
 * import { pause, schedule } from '@greenhouse/scheduler'
 * import { Lock } from '@greenhouse/util'
 *
 * const lock = new Lock()
 * await lock.acquire()
 * schedule(async () => {
 *   await lock.acquire()
 *   console.log('mine now')
 *   lock.release()
 * })
 * await pause()
 * console.log('releasing')
 * lock.release()
 * // => releasing
 * // => mine now
 * ```
 *
 * Source: greenhouse/utils.py Lock. Differs: `acquire` takes a time-out.
 */
export class Lock {
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** @internal */
  readonly waiters: WaitList<unknown>
  /** @internal */
  owner: Greenlet | null = null

  constructor(options?: NameOptions) {
    this.name = nameOf('Lock', this, options)
    this.waiters = new WaitList<unknown>('Lock.acquire', () => this.giveBack(), this)
  }

  /** Whether somebody has the lock. */
  get locked(): boolean {
    return this.owner !== null
  }

  /** The greenlet for which the lock was acquired, null when it is open. */
  get holder(): Greenlet | null {
    return this.owner
  }

  /**
   * Waits for the lock and takes it.
   *
   * Ended or aborted meanwhile, it does not have the lock.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns true, or false when the time was up.
   * @throws the signal's reason.
   */
  acquire(options?: WaitOptions): Blocking<boolean> {
    return refuse(options) ?? this.take(true, options, giveFalse)
  }

  /** Takes the lock if it is open; never waits. Gives whether it did. */
  tryAcquire(): boolean {
    if (this.owner !== null) return false
    this.owner = getCurrent()
    return true
  }

  /**
   * Gives the lock to the first waiter, or opens it.
   *
   * @throws {GH_INVALID_STATE} when it is open.
   */
  release(): void {
    if (this.owner === null) {
      throw new GreenhouseError(
        'GH_INVALID_STATE',
        `The ${titleOf('lock', this.name)} is not held by anybody`,
      )
    }
    this.giveBack()
  }

  /**
   * Waits for the lock, and gives an object whose `release()` or disposal releases it: `using held = await lock.hold()`.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns what holds the lock.
   * @throws {GH_TIMEOUT}; the signal's reason.
   */
  hold(options?: WaitOptions): Blocking<Held> {
    return refuse(options) ?? this.take(new Hold(this), options, holdTimedOut)
  }

  /**
   * Runs a function with the lock, in the current greenlet.
   *
   * @param fn - Async, generator or plain.
   * @param options - For the wait for the lock: `timeoutMs`, `signal`.
   * @returns what `fn` gives.
   * @throws {GH_TIMEOUT} when the lock did not come in time; what `fn` throws.
   * @example
   * ```ts
   * import { pause } from '@greenhouse/scheduler'
   * import { Lock } from '@greenhouse/util'
   *
   * const lock = new Lock()
   * const whole = async (word: string) => {
   *   console.log(word)
   *   await pause()
   *   console.log(word)
   * }
   * await Promise.all([lock.run(() => whole('a')), lock.run(() => whole('b'))])
   * // => a
   * // => a
   * // => b
   * // => b
   * ```
   */
  run<T>(fn: () => Steps<T>, options?: WaitOptions): Blocking<T>
  run<T>(fn: () => PromiseLike<T>, options?: WaitOptions): Blocking<T>
  run<T extends Plain>(fn: () => T, options?: WaitOptions): Blocking<T>
  run(fn: unknown, options?: WaitOptions): Blocking<unknown> {
    return runHolding((inner) => this.hold(inner), fn, options)
  }

  /** How things stand. */
  statistics(): { locked: boolean; waiting: number } {
    return { locked: this.owner !== null, waiting: this.waiters.size }
  }

  /** @internal */
  take<T>(
    value: T,
    options: WaitOptions | undefined,
    expire: (operation: Operation, afterMs: number) => void,
  ): Blocking<T> {
    if (this.owner !== null) return this.waiters.park<T>(value, options, expire)
    const operation = this.waiters.complete(value)
    this.owner = (operation as unknown as Operation).scope.greenlet
    return operation as Blocking<T>
  }

  /** @internal */
  surrender(): number {
    this.giveBack()
    return 1
  }

  /** @internal */
  reclaim(_levels: number): void {}

  /** @internal */
  giveBack(): void {
    const next = this.waiters.shift()
    if (next === null) this.owner = null
    else {
      this.owner = next.scope.greenlet
      grant(next)
    }
  }
}
