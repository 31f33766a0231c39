// A semaphore that notices when more is released than was acquired.
import { GreenhouseError } from '@greenhouse/scheduler'
import { titleOf, type NameOptions } from './core/named.ts'
import { Semaphore } from './semaphore.ts'

/**
 * A semaphore whose permits cannot become more than there were at first.
 *
 * @param value - How many permits there are: an integer of at least 0; 1 by default.
 * @param options - `name`.
 * @throws {GH_INVALID_ARGUMENT} for a bad number of permits (RangeError).
 * @example
 * ```ts
 * import { BoundedSemaphore } from '@greenhouse/util'
 *
 * try {
 *   new BoundedSemaphore(2).release()
 * } catch (error) {
 *   console.log(error.code) // => GH_INVALID_STATE
 * }
 * ```
 *
 * Source: greenhouse/utils.py BoundedSemaphore
 */
export class BoundedSemaphore extends Semaphore {
  /** @internal */
  readonly limit: number

  constructor(value: number = 1, options?: NameOptions) {
    super(value, options)
    this.limit = value
  }

  /**
   * Gives back permits, to waiters first.
   *
   * @param n - How many; 1 by default.
   * @throws {GH_INVALID_STATE} when that is more than are out; nothing changes then.
   */
  override release(n: number = 1): void {
    if (this.permits + n > this.limit) {
      const out = this.limit - this.permits
      throw new GreenhouseError(
        'GH_INVALID_STATE',
        `${n} released to the ${titleOf('semaphore', this.name)}, of which ${out} of ${this.limit} permits are out`,
      )
    }
    super.release(n)
  }

  /** @internal */
  override get kind(): string {
    return 'BoundedSemaphore'
  }
}
