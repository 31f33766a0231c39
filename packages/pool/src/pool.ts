// A pool whose jobs give results, in the order in which they are done.
import type {
  AsyncBody,
  Blocking,
  GeneratorBody,
  Plain,
  PlainBody,
  WaitOptions,
} from '@greenhouse/scheduler'
import type { Inspectable } from '@greenhouse/scheduler/kernel'
import type { Body } from './body.ts'
import { OneWayPool } from './one-way-pool.ts'
import type { PoolOptions } from './options.ts'
import { Results } from './results.ts'
import type { ResultStatistics } from './statistics.ts'

/**
 * Runs a function on many arguments, a few at a time, and gives the results as they come. Every job that was put gives one
 * outcome: its result, or the error it threw (that of a job that was ended is GH_EXIT).
 *
 * Results that nobody takes are kept. `OneWayPool` says the rest.
 *
 * @param fn - An async, generator or plain function, called with what was put.
 * @param options - `concurrency` (10), `maxQueued` (Infinity), `name`.
 * @throws {GH_INVALID_ARGUMENT} as for `OneWayPool`.
 * @example
 * ```ts
 * import { Pool } from '@greenhouse/pool'
 *
 * const pool = new Pool(async (n: number) => n * n, { concurrency: 2 })
 * await pool.use(async () => {
 *   for (const n of [1, 2, 3]) await pool.put(n)
 *   let sum = 0
 *   for (let i = 0; i < 3; i++) sum += await pool.get()
 *   console.log(sum) // => 14
 * })
 * ```
 *
 * Source: greenhouse/pool.py Pool. Differs: results that are on the way at `close` still come out.
 */
export class Pool<A extends unknown[] = unknown[], T = unknown> extends OneWayPool<A, T> {
  constructor(fn: GeneratorBody<A, T>, options?: PoolOptions)
  constructor(fn: AsyncBody<A, T>, options?: PoolOptions)
  constructor(fn: PlainBody<A, T & Plain>, options?: PoolOptions)
  /** @internal */
  constructor(fn: Body, options: PoolOptions | undefined, receiver: (owner: Inspectable) => Results)
  constructor(
    fn: unknown,
    options?: PoolOptions,
    receiver: (owner: Inspectable) => Results = asTheyCome,
  ) {
    super(fn as Body, options, receiver)
  }

  override get closed(): boolean {
    return this.crew.over && this.results.ready.length === 0
  }

  /**
   * Gives the next result; waits until there is one.
   *
   * Ended while it waits, it takes nothing with it.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns what the job gave.
   * @throws the job's error, once; {GH_CLOSED} when the pool is closed and no result can come any more; {GH_TIMEOUT}; the
   *   signal's reason.
   *
   * Source: greenhouse/pool.py get
   */
  get(options?: WaitOptions): Blocking<T> {
    return this.results.get(options, this.crew.over) as Blocking<T>
  }

  /**
   * Gives the next result as an iterator does, `done` once the pool is closed and all results are taken. A `for await` loop
   * calls it; in a generator greenlet it is called by hand. A job's error is thrown, and the call after it goes on with the next.
   *
   * @example
   * ```ts
   * import { schedule } from '@greenhouse/scheduler'
   * import { Pool } from '@greenhouse/pool'
   *
   * const pool = new Pool((n: number) => n * n).start()
   * await pool.put(3)
   * await pool.close()
   * const greenlet = schedule(function* () {
   *   for (let step = yield* pool.next(); !step.done; step = yield* pool.next()) console.log(step.value)
   * })
   * await greenlet.join()
   * // => 9
   * ```
   */
  next(): Blocking<IteratorResult<T, undefined>> {
    return this.results.next(this.crew.over) as Blocking<IteratorResult<T, undefined>>
  }

  /** The results, until the pool is closed. Leaving the loop leaves the pool open. */
  [Symbol.asyncIterator](): this {
    return this
  }

  override statistics(): ResultStatistics {
    const { ready, getters } = this.results
    return { ...super.statistics(), results: ready.length, waitingGets: getters.size }
  }

  /** @internal */
  get results(): Results {
    return this.crew.receiver as Results
  }

  /** @internal */
  override get kind(): string {
    return 'Pool'
  }
}

function asTheyCome(owner: Inspectable): Results {
  return new Results(owner)
}
