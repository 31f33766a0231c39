// A pool that gives its results in the order in which the jobs were put.
import type { AsyncBody, GeneratorBody, Plain, PlainBody } from '@greenhouse/scheduler'
import type { Inspectable } from '@greenhouse/scheduler/kernel'
import type { Body } from './body.ts'
import type { PoolOptions } from './options.ts'
import { Pool } from './pool.ts'
import { OrderedResults } from './results.ts'

/**
 * Runs a function on many arguments, a few at a time, and gives the results in the order in which the jobs were put. A result
 * that comes early is kept until its turn; errors come in their turn too. `Pool` says the rest.
 *
 * @param fn - An async, generator or plain function, called with what was put.
 * @param options - `concurrency` (10), `maxQueued` (Infinity), `name`.
 * @throws {GH_INVALID_ARGUMENT} as for `OneWayPool`.
 * @example
 * ```ts
 * import { pauseFor } from '@greenhouse/scheduler'
 * import { OrderedPool } from '@greenhouse/pool'
 *
 * const pool = new OrderedPool(async (ms: number) => {
 *   await pauseFor(ms)
 *   return ms
 * }).start()
 * for (const ms of [10, 1, 5]) await pool.put(ms)
 * await pool.close()
 * for await (const ms of pool) console.log(ms)
 * // => 10
 * // => 1
 * // => 5
 * ```
 *
 * Source: greenhouse/pool.py OrderedPool
 */
export class OrderedPool<A extends unknown[] = unknown[], T = unknown> extends Pool<A, T> {
  constructor(fn: GeneratorBody<A, T>, options?: PoolOptions)
  constructor(fn: AsyncBody<A, T>, options?: PoolOptions)
  constructor(fn: PlainBody<A, T & Plain>, options?: PoolOptions)
  constructor(fn: unknown, options?: PoolOptions) {
    super(fn as Body, options, inOrder)
  }

  /** @internal */
  override get kind(): string {
    return 'OrderedPool'
  }
}

function inOrder(owner: Inspectable): OrderedResults {
  return new OrderedResults(owner)
}
