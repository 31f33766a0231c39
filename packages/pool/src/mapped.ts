// What `map` and `mapUnordered` give.
import type { Blocking } from '@greenhouse/scheduler'

/**
 * The results of a `map`, once through: by `for await`, by `toArray`, or by `next` in a generator greenlet.
 *
 * Nothing runs before the first result is asked for. It stops when the greenlet that asked first is ended.
 */
export interface Mapped<T> {
  /**
   * Gives the next result as an iterator does.
   *
   * Ended while it waits, it takes nothing with it. In a generator greenlet that may leave the loop early, call `return`:
   *
   * @returns `{ done, value }`.
   * @throws what the function or the iterable throws, once.
   * @example
   * ```ts
   * import { schedule } from '@greenhouse/scheduler'
   * import { map } from '@greenhouse/pool'
   *
   * const greenlet = schedule(function* () {
   *   const doubled = map((n: number) => n * 2, [1, 2, 3])
   *   try {
   *     for (let step = yield* doubled.next(); !step.done; step = yield* doubled.next()) console.log(step.value)
   *   } finally {
   *     yield* doubled.return()
   *   }
   * })
   * await greenlet.join()
   * // => 2
   * // => 4
   * // => 6
   * ```
   */
  next(): Blocking<IteratorResult<T, undefined>>

  /**
   * Breaks off: ends the workers and what they call, and closes the iterable. A `for await` loop that is left does it.
   *
   * @returns `{ done: true }`, when the iterable is closed; a call to its `next` that is under way is not waited for.
   * @throws what closing the iterable throws.
   */
  return(): Blocking<IteratorResult<T, undefined>>

  /**
   * Gives all results that are left in an array. As none of them has to wait for its turn, always `concurrency` items are at work.
   *
   * Ended while it waits, it breaks off.
   *
   * @throws what the function or the iterable throws; {GH_CLOSED} when `return` was called meanwhile.
   */
  toArray(): Blocking<T[]>

  [Symbol.asyncIterator](): this
  [Symbol.asyncDispose](): Blocking<IteratorResult<T, undefined>>
}
