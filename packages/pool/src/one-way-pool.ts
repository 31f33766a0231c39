// A pool whose jobs give nothing back: the base of the others.
import type {
  AsyncBody,
  Blocking,
  GeneratorBody,
  Plain,
  PlainBody,
  Steps,
  WaitOptions,
} from '@greenhouse/scheduler'
import { checkFunction, inspectable, type Inspectable } from '@greenhouse/scheduler/kernel'
import { checkBody, type Body } from './body.ts'
import { Crew, report, type Receiver } from './crew.ts'
import { poolOptions, type PoolOptions } from './options.ts'
import { statisticsOf, type PoolStatistics } from './statistics.ts'
import { useCrew } from './use.ts'

/**
 * Runs a function on many arguments, a few at a time, for its effects.
 *
 * What is put before `start` is kept until then. A job that throws tells the exception handlers, and its worker takes the next
 * one. A worker that is ended counts its job as done and is replaced. Jobs run in the async context in which the pool was started.
 *
 * @param fn - An async, generator or plain function, called with what was put.
 * @param options - `concurrency` (10), `maxQueued` (Infinity), `name`.
 * @throws {GH_INVALID_ARGUMENT} when `fn` is no function, for bad options, and when `concurrency` and its alias `size` differ.
 * @example
 * ```ts
 * import { OneWayPool } from '@greenhouse/pool'
 *
 * const pool = new OneWayPool(async (name: string) => console.log(`hello ${name}`), { concurrency: 2 })
 * await pool.use(async () => {
 *   await pool.put('one')
 *   await pool.put('two')
 * })
 * // => hello one
 * // => hello two
 * ```
 *
 * Source: greenhouse/pool.py OneWayPool. Differs: `put` on a closed pool fails.
 */
export class OneWayPool<A extends unknown[] = unknown[], T = unknown> implements Inspectable {
  /** @internal */
  readonly crew: Crew

  constructor(fn: GeneratorBody<A, T>, options?: PoolOptions)
  constructor(fn: AsyncBody<A, T>, options?: PoolOptions)
  constructor(fn: PlainBody<A, T & Plain>, options?: PoolOptions)
  /** @internal */
  constructor(
    fn: Body,
    options: PoolOptions | undefined,
    receiver: (owner: Inspectable) => Receiver,
  )
  constructor(
    fn: unknown,
    options: PoolOptions = {},
    receiver: (owner: Inspectable) => Receiver = oneWay,
  ) {
    checkBody(fn)
    const checked = poolOptions(options)
    this.crew = new Crew(fn as Body, checked, receiver(this), this)
    inspectable(this.kind, this)
  }

  /** The name given. */
  get name(): string | undefined {
    return this.crew.name
  }

  /** Whether `close` was called, and jobs or results are left. */
  get closing(): boolean {
    return this.crew.closing && !this.closed
  }

  /** Whether the pool is closed and nothing is left in it. */
  get closed(): boolean {
    return this.crew.over
  }

  /**
   * Starts the workers; a closed pool is opened again. A second call changes nothing.
   *
   * @returns the pool.
   *
   * Source: greenhouse/pool.py start
   */
  start(): this {
    this.crew.start()
    return this
  }

  /**
   * Hands a job to the workers; waits only while `maxQueued` jobs wait already.
   *
   * Ended while it waits, the job is not taken.
   *
   * @param args - The arguments of one call.
   * @throws {GH_CLOSED} when the pool is closed.
   *
   * Source: greenhouse/pool.py put
   */
  put(...args: A): Blocking<void> {
    return this.crew.put(args)
  }

  /**
   * Hands a job to the workers, and waits for its own result, which never comes out of the pool otherwise. It does not count
   * against `maxQueued`: its caller waits anyway.
   *
   * Ended before the job began, it takes the job back; ended later, the job runs on, its result is dropped, and its error goes
   * to the exception handlers.
   *
   * @param args - The arguments of one call.
   * @returns what the job gives.
   * @throws the job's error; {GH_CLOSED} when the pool is closed; {GH_EXIT} when the job was ended.
   * @example
   * ```ts
   * import { OneWayPool } from '@greenhouse/pool'
   *
   * const pool = new OneWayPool(async (n: number) => n * n).start()
   * console.log(await pool.run(7)) // => 49
   * await pool.close()
   * ```
   */
  run(...args: A): Blocking<T> {
    return this.crew.run(args) as Blocking<T>
  }

  /**
   * Waits until all jobs are done.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns true, or false on time-out.
   * @throws {GH_INVALID_STATE} inside a job of the pool; the signal's reason.
   *
   * Source: greenhouse/pool.py join. Differs: tells whether it timed out.
   */
  join(options?: WaitOptions): Blocking<boolean> {
    return this.crew.join(options)
  }

  /**
   * Closes the pool at once to new jobs, and waits until those that were put are done and the workers have gone. A second
   * call only waits. Inside a job of the pool it does not wait.
   *
   * Source: greenhouse/pool.py close. Differs: waits when it is waited for.
   */
  close(): Blocking<void> {
    return this.crew.close()
  }

  /**
   * Starts the pool, calls a function with it, and closes it when that is done or has failed.
   *
   * @param fn - An async, generator or plain function. That of a generator greenlet is a generator function:
   *   `yield* pool.use(function* (pool) { … })`.
   * @returns what `fn` gives.
   * @throws what `fn` throws, once the pool is closed.
   *
   * Source: greenhouse/pool.py, the pool as a context manager
   */
  use<R>(fn: (pool: this) => Steps<R>): Steps<R>
  use<R>(fn: (pool: this) => PromiseLike<R>): Promise<R>
  use<R extends Plain>(fn: (pool: this) => R): Promise<R>
  use(fn: (pool: this) => unknown): unknown {
    checkFunction('fn', fn)
    this.start()
    return useCrew(this.crew, () => fn(this))
  }

  /** Figures for dump and tests. */
  statistics(): PoolStatistics {
    return statisticsOf(this.crew)
  }

  /** Closes the pool at the end of an `await using`. */
  [Symbol.asyncDispose](): Blocking<void> {
    return this.close()
  }

  /** @internal */
  get kind(): string {
    return 'OneWayPool'
  }
}

function oneWay(): Receiver {
  return {
    deliver(_job, failed, value) {
      if (failed) report(value)
    },
    ended() {},
  }
}
