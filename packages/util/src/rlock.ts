// Mutual exclusion that its owner may enter again.
import { getCurrent, GreenhouseError, mainGreenlet } from '@greenhouse/scheduler'
import type { Blocking, Greenlet, Plain, Steps, WaitOptions } from '@greenhouse/scheduler'
import { giveFalse, refuse, WaitList, type Expire } from '@greenhouse/scheduler/kernel'
import { grant, Hold, holdTimedOut, type Held } from './core/grant.ts'
import { nameOf, titleOf, type NameOptions } from './core/named.ts'
import { runHolding } from './core/run.ts'

/**
 * A re-entrant lock: the greenlet that has it may acquire it again, and must release it as often. Only the owner releases.
 *
 * The code outside every greenlet is many flows at once, so that main cannot acquire it again: that is an error.
 *
 * @param options - `name`.
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { RLock } from '@greenhouse/util'
 *
 * const lock = new RLock()
 * const outer = () => lock.run(inner)
 * const inner = () => lock.run(() => 'twice inside')
 * console.log(await schedule(async () => outer()).join()) // => twice inside
 * ```
 *
 * Source: greenhouse/utils.py RLock. Differs: `acquire` takes a time-out.
 */
export class RLock {
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** @internal */
  readonly waiters: WaitList<unknown>
  /** @internal */
  owner: Greenlet | null = null
  /** @internal */
  levels = 0

  constructor(options?: NameOptions) {
    this.name = nameOf('RLock', this, options)
    this.waiters = new WaitList<unknown>('RLock.acquire', () => this.giveBack(), this)
  }

  /** Whether somebody has the lock. */
  get locked(): boolean {
    return this.owner !== null
  }

  /** Whether the current greenlet has the lock. */
  get owned(): boolean {
    return this.owner !== null && this.owner === getCurrent()
  }

  /** The greenlet that has the lock, null when it is open. */
  get holder(): Greenlet | null {
    return this.owner
  }

  /**
   * Waits for the lock and takes it, at once where the current greenlet has it already.
   *
   * Ended or aborted meanwhile, it does not have the lock.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns true, or false when the time was up.
   * @throws {GH_INVALID_STATE} when main has it and asks again; the signal's reason.
   */
  acquire(options?: WaitOptions): Blocking<boolean> {
    return refuse(options) ?? this.take(true, options, giveFalse)
  }

  /** Takes the lock if it is open or owned already; never waits. Gives whether it did. */
  tryAcquire(): boolean {
    const me = getCurrent()
    if (this.owner === null) this.owner = me
    else if (this.owner !== me || me === mainGreenlet) return false
    this.levels++
    return true
  }

  /**
   * Undoes one `acquire`; the last one gives the lock to the first waiter, or opens it.
   *
   * @throws {GH_INVALID_STATE} when the current greenlet does not have it.
   */
  release(): void {
    if (!this.owned) {
      const title = titleOf('lock', this.name)
      throw new GreenhouseError(
        'GH_INVALID_STATE',
        `The ${title} is not held by the current greenlet`,
      )
    }
    this.giveBack()
  }

  /**
   * Waits for the lock, and gives an object whose `release()` or disposal undoes it: `using held = await lock.hold()`.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns what holds the lock.
   * @throws {GH_TIMEOUT}; {GH_INVALID_STATE} as `acquire`; the signal's reason.
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
   */
  run<T>(fn: () => Steps<T>, options?: WaitOptions): Blocking<T>
  run<T>(fn: () => PromiseLike<T>, options?: WaitOptions): Blocking<T>
  run<T extends Plain>(fn: () => T, options?: WaitOptions): Blocking<T>
  run(fn: unknown, options?: WaitOptions): Blocking<unknown> {
    return runHolding((inner) => this.hold(inner), fn, options)
  }

  /** How things stand. */
  statistics(): { locked: boolean; levels: number; waiting: number } {
    return { locked: this.owner !== null, levels: this.levels, waiting: this.waiters.size }
  }

  /** @internal */
  take<T>(value: T, options: WaitOptions | undefined, expire: Expire): Blocking<T> {
    const me = getCurrent()
    if (this.owner === null) this.owner = me
    else if (this.owner !== me) return this.waiters.park<T>(value, options, expire)
    else if (me === mainGreenlet) {
      const title = titleOf('lock', this.name)
      throw new GreenhouseError(
        'GH_INVALID_STATE',
        `Main holds the ${title} already, and is many flows at once`,
      )
    }
    this.levels++
    return this.waiters.complete(value) as Blocking<T>
  }

  /** @internal */
  giveBack(): void {
    if (--this.levels > 0) return
    const next = this.waiters.shift()
    if (next === null) this.owner = null
    else {
      this.owner = next.scope.greenlet
      this.levels = 1
      grant(next)
    }
  }

  /** @internal */
  surrender(): number {
    const { levels } = this
    this.levels = 1
    this.giveBack()
    return levels
  }

  /** @internal */
  reclaim(levels: number): void {
    this.levels = levels
  }
}
