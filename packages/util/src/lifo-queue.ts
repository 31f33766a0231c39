// The queue whose last item goes out first.
import type { NameOptions } from './core/named.ts'
import { Stack, type Store } from './core/store.ts'
import { Queue } from './queue.ts'

/**
 * A queue whose newest item goes out first.
 *
 * @param maxSize - How many items fit, at least 1; Infinity by default.
 * @param options - `name`.
 * @throws {GH_INVALID_ARGUMENT} for a bad size (RangeError).
 * @example
 * ```ts
 * import { LifoQueue } from '@greenhouse/util'
 *
 * const stack = new LifoQueue<number>()
 * for (const n of [1, 2, 3]) await stack.put(n)
 * console.log(await stack.get()) // => 3
 * ```
 *
 * Source: greenhouse/queue.py LifoQueue
 */
export class LifoQueue<T = unknown> extends Queue<T> {
  /** @internal */
  override get kind(): string {
    return 'LifoQueue'
  }

  /** @internal */
  override makeStore(_options: NameOptions | undefined): Store<T> {
    return new Stack<T>()
  }
}
