// Schedules in another order: what is ready runs in an order drawn from a seed, so that code which relies on luck is found,
// and found again.
import { checkCount, checkFunction } from '../check.ts'
import { setPick } from '../core/run-queue.ts'

/**
 * Runs a test under a shuffled schedule: which of the ready greenlets runs next is drawn from the seed. Results that a
 * program may rely on (FIFO hand-over of primitives) hold all the same.
 *
 * @param seed - An integer of at least 0; the same seed gives the same order.
 * @param fn - May be async.
 * @returns what `fn` gives.
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { withShuffledSchedule } from '@greenhouse/scheduler/testing'
 *
 * const order: number[] = []
 * await withShuffledSchedule(7, async () => {
 *   const greenlets = [1, 2, 3].map((n) => schedule(() => order.push(n)))
 *   for (const greenlet of greenlets) await greenlet.join()
 * })
 * console.log(order.length) // => 3
 * ```
 */
export async function withShuffledSchedule<T>(
  seed: number,
  fn: () => T | PromiseLike<T>,
): Promise<T> {
  checkCount('seed', seed, 0)
  checkFunction('fn', fn)
  const random = mulberry32(seed)
  setPick((count) => Math.floor(random() * count))
  try {
    return await fn()
  } finally {
    setPick(null)
  }
}

/** A small generator of random numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = a
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
