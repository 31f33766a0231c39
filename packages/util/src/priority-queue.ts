// The queue whose least item goes out first.
import { checkFunction, checkOptions } from '@greenhouse/scheduler/kernel'
import { Heap, type Compare } from './core/heap.ts'
import type { NameOptions } from './core/named.ts'
import { defaultCompare } from './core/order.ts'
import type { Store } from './core/store.ts'
import { Queue } from './queue.ts'

/** How a priority queue is made. */
export interface PriorityQueueOptions<T> extends NameOptions {
  /** Negative when `a` goes out before `b`, positive when after, 0 when they are equal. */
  readonly compare?: ((a: T, b: T) => number) | undefined
}

/**
 * A queue whose least item goes out first; equal ones in the order in which they came.
 *
 * @param maxSize - How many items fit, at least 1; Infinity by default.
 * @param options - `compare`, `name`. By default numbers and strings go by `<`, arrays element by element.
 * @throws {GH_INVALID_ARGUMENT} for a bad size (RangeError); `put` for an item that has no order.
 * @example
 * ```ts
 * import { PriorityQueue } from '@greenhouse/util'
 *
 * const jobs = new PriorityQueue<[number, string]>()
 * await jobs.put([2, 'sweep'])
 * await jobs.put([1, 'cook'])
 * console.log((await jobs.get())[1]) // => cook
 *
 * const longest = new PriorityQueue<string>(Infinity, { compare: (a, b) => b.length - a.length })
 * for (const word of ['a', 'ccc', 'bb']) await longest.put(word)
 * console.log(await longest.get()) // => ccc
 * ```
 *
 * Source: greenhouse/queue.py PriorityQueue. Differs: equal items keep their order.
 */
export class PriorityQueue<T = unknown> extends Queue<T> {
  constructor(maxSize: number = Infinity, options?: PriorityQueueOptions<T>) {
    super(maxSize, options)
  }

  /** @internal */
  override get kind(): string {
    return 'PriorityQueue'
  }

  /** @internal */
  override makeStore(options: PriorityQueueOptions<T> | undefined): Store<T> {
    checkOptions('options', options)
    const compare: Compare<T> = options?.compare ?? defaultCompare
    checkFunction('options.compare', compare)
    return new Heap<T>(compare)
  }
}
