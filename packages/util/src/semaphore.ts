// A number of permits. A released permit is handed straight to the first waiter.
import type { Blocking, Plain, Steps, WaitOptions } from '@greenhouse/scheduler'
import { checkCount, giveFalse, refuse, WaitList, type Expire } from '@greenhouse/scheduler/kernel'
import { grant, Hold, holdTimedOut, type Held } from './core/grant.ts'
import { nameOf, type NameOptions } from './core/named.ts'
import { runHolding } from './core/run.ts'

/**
 * A semaphore: at most so many greenlets at a time.
 *
 * @param value - How many permits there are at first: an integer of at least 0; 1 by default.
 * @param options - `name`.
 * @throws {GH_INVALID_ARGUMENT} for a bad number of permits (RangeError).
 * @example
 * ```ts
 * import { Semaphore } from '@greenhouse/util'
 *
 * const permits = new Semaphore(2)
 * await permits.acquire()
 * await permits.acquire()
 * console.log(permits.tryAcquire()) // => false
 * permits.release()
 * console.log(permits.value) // => 1
 * ```
 *
 * Source: greenhouse/utils.py Semaphore. Differs: `acquire` takes a time-out, `release` a number.
 */
export class Semaphore {
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** @internal */
  readonly waiters: WaitList<unknown>
  /** @internal */
  permits: number

  constructor(value: number = 1, options?: NameOptions) {
    checkCount('value', value, 0)
    this.permits = value
    this.name = nameOf(this.kind, this, options)
    this.waiters = new WaitList<unknown>(`${this.kind}.acquire`, () => this.giveBack(), this)
  }

  /** How many permits are free. */
  get value(): number {
    return this.permits
  }

  /**
   * Waits for a permit and takes it.
   *
   * Ended or aborted meanwhile, it does not have the permit.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns true, or false when the time was up.
   * @throws the signal's reason.
   */
  acquire(options?: WaitOptions): Blocking<boolean> {
    return refuse(options) ?? this.take(true, options, giveFalse)
  }

  /** Takes a permit if one is free; never waits. Gives whether it did. */
  tryAcquire(): boolean {
    if (this.permits === 0) return false
    this.permits--
    return true
  }

  /**
   * Gives back permits, to waiters first.
   *
   * @param n - How many; 1 by default.
   * @throws {GH_INVALID_ARGUMENT} for a bad number.
   */
  release(n: number = 1): void {
    if (n !== 1) checkCount('n', n, 1)
    for (let left = n; left > 0; left--) {
      if (this.waiters.size === 0) {
        this.permits += left
        return
      }
      this.giveBack()
    }
  }

  /**
   * Waits for a permit, and gives an object whose `release()` or disposal gives it back.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns what holds the permit.
   * @throws {GH_TIMEOUT}; the signal's reason.
   */
  hold(options?: WaitOptions): Blocking<Held> {
    return refuse(options) ?? this.take(new Hold(this), options, holdTimedOut)
  }

  /**
   * Runs a function with a permit, in the current greenlet.
   *
   * @param fn - Async, generator or plain.
   * @param options - For the wait for the permit: `timeoutMs`, `signal`.
   * @returns what `fn` gives.
   * @throws {GH_TIMEOUT} when the permit did not come in time; what `fn` throws.
   */
  run<T>(fn: () => Steps<T>, options?: WaitOptions): Blocking<T>
  run<T>(fn: () => PromiseLike<T>, options?: WaitOptions): Blocking<T>
  run<T extends Plain>(fn: () => T, options?: WaitOptions): Blocking<T>
  run(fn: unknown, options?: WaitOptions): Blocking<unknown> {
    return runHolding((inner) => this.hold(inner), fn, options)
  }

  /** How things stand. */
  statistics(): { value: number; waiting: number } {
    return { value: this.permits, waiting: this.waiters.size }
  }

  /** @internal */
  get kind(): string {
    return 'Semaphore'
  }

  /** @internal */
  take<T>(value: T, options: WaitOptions | undefined, expire: Expire): Blocking<T> {
    if (this.permits === 0) return this.waiters.park<T>(value, options, expire)
    this.permits--
    return this.waiters.complete(value) as Blocking<T>
  }

  /** @internal */
  giveBack(): void {
    const next = this.waiters.shift()
    if (next === null) this.permits++
    else grant(next)
  }
}
