// So many in so much time.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { checkCount, checkDelay, refuse, wrongValue } from '@greenhouse/scheduler/kernel'
import { Bucket } from './core/bucket.ts'
import { nameOf, type NameOptions } from './core/named.ts'

/** How a rate limiter is made. */
export interface RateLimiterOptions extends NameOptions {
  /** How many may go at once after a quiet time, at least 1; `limit` by default. */
  readonly burst?: number | undefined
}

/**
 * A rate limiter, a bucket of tokens: it holds `burst` of them, and `limit` come in `intervalMs`, evenly spread.
 *
 * First come, first served. A wait that is cut short gives its budget back, to those behind it.
 *
 * @param limit - How many tokens come in an interval, at least 1.
 * @param intervalMs - Milliseconds, more than 0.
 * @param options - `burst`, `name`.
 * @throws {GH_INVALID_ARGUMENT} for bad numbers (RangeError).
 * @example
 * ```ts
 * import { withVirtualClock } from '@greenhouse/scheduler/testing'
 * import { RateLimiter } from '@greenhouse/util'
 *
 * await withVirtualClock(async (clock) => {
 *   const limiter = new RateLimiter(2, 1000)
 *   for (let n = 0; n < 4; n++) {
 *     await limiter.acquire()
 *     console.log(clock.now())
 *   }
 * })
 * // => 0
 * // => 0
 * // => 500
 * // => 1000
 * ```
 */
export class RateLimiter {
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** @internal */
  readonly bucket: Bucket

  constructor(limit: number, intervalMs: number, options?: RateLimiterOptions) {
    checkFinite('limit', limit)
    checkDelay('intervalMs', intervalMs)
    if (intervalMs === 0 || intervalMs === Infinity)
      wrongValue('intervalMs', 'a time above 0', intervalMs)
    this.name = nameOf('RateLimiter', this, options)
    const burst = options?.burst ?? limit
    checkFinite('options.burst', burst)
    this.bucket = new Bucket(burst, intervalMs / limit, this)
  }

  /** How many may go at once after a quiet time. */
  get burst(): number {
    return this.bucket.capacity
  }

  /** How many tokens there are now. */
  get tokens(): number {
    return this.bucket.tokens
  }

  /**
   * Waits for tokens and takes them.
   *
   * @param n - How many, from 1 to `burst`; 1 by default.
   * @param options - `timeoutMs`, `signal`.
   * @returns true, or false when the time was up.
   * @throws {GH_INVALID_ARGUMENT} for more than there can ever be; the signal's reason.
   */
  acquire(n: number = 1, options?: WaitOptions): Blocking<boolean> {
    this.checkTokens(n)
    return refuse(options) ?? this.bucket.acquire(n, options)
  }

  /**
   * Takes tokens if there are enough and nobody waits for some; never waits.
   *
   * @param n - How many, from 1 to `burst`; 1 by default.
   * @returns whether it did.
   * @throws {GH_INVALID_ARGUMENT} for more than there can ever be.
   */
  tryAcquire(n: number = 1): boolean {
    this.checkTokens(n)
    return this.bucket.tryTake(n)
  }

  /** How things stand. */
  statistics(): { tokens: number; burst: number; waiting: number } {
    return { tokens: this.tokens, burst: this.burst, waiting: this.bucket.waiting }
  }

  /** @internal */
  checkTokens(n: number): void {
    checkCount('n', n, 1)
    if (n > this.burst) wrongValue('n', `at most the burst, ${this.burst}`, n)
  }
}

function checkFinite(name: string, value: number): void {
  checkCount(name, value, 1)
  if (value === Infinity) wrongValue(name, 'finite', value)
}
