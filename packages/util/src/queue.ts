// The queue: first in, first out, with an account of the items that are still being worked on.
import { GreenhouseError, type Blocking, type WaitOptions } from '@greenhouse/scheduler'
import {
  checkCount,
  complete,
  giveFalse,
  refuse,
  WaitList,
  wrongValue,
} from '@greenhouse/scheduler/kernel'
import { titleOf, type NameOptions } from './core/named.ts'
import { Ring, type Store } from './core/store.ts'
import { Exchange, type ExchangeStatistics } from './exchange.ts'

/** How things stand with a queue. */
export interface QueueStatistics extends ExchangeStatistics {
  /** How many items were put in and not yet reported by `taskDone`. */
  readonly unfinished: number
}

/**
 * A queue: items go out in the order in which they came in.
 *
 * @param maxSize - How many items fit, at least 1; Infinity by default.
 * @param options - `name`.
 * @throws {GH_INVALID_ARGUMENT} for a bad size (RangeError).
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { Queue } from '@greenhouse/util'
 *
 * const queue = new Queue<string>(1)
 * schedule(function* () {
 *   for (const word of ['one', 'two', 'three']) yield* queue.put(word)
 *   queue.close()
 * })
 * for await (const word of queue) console.log(word)
 * // => one
 * // => two
 * // => three
 * ```
 *
 * Source: greenhouse/queue.py Queue. Differs: no limit is Infinity, not 0; it can be closed and iterated.
 */
export class Queue<T = unknown> extends Exchange<T> {
  /** @internal */
  readonly joiners: WaitList<boolean>
  /** @internal */
  finished = 0

  constructor(maxSize: number = Infinity, options?: NameOptions) {
    super(checkSize(maxSize), options)
    this.joiners = new WaitList<boolean>(`${this.kind}.join`, null, this)
  }

  /**
   * Says that the work on one item that was got is done.
   *
   * @throws {GH_INVALID_STATE} when called more often than items were put in.
   *
   * Source: greenhouse/queue.py Queue.task_done
   */
  taskDone(): void {
    if (this.finished === this.accepted) {
      throw new GreenhouseError(
        'GH_INVALID_STATE',
        `Nothing is unfinished in the ${titleOf('queue', this.name)}`,
      )
    }
    if (++this.finished === this.accepted) this.joiners.wakeAll(true)
  }

  /**
   * Waits until `taskDone` was called for every item that was put in.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns true, or false when the time was up.
   * @throws the signal's reason.
   *
   * Source: greenhouse/queue.py Queue.join. Differs: an unused queue is done; false on time-out.
   */
  join(options?: WaitOptions): Blocking<boolean> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.finished === this.accepted) return complete(true)
    return this.joiners.park(undefined, options, giveFalse)
  }

  /** How things stand. */
  override statistics(): QueueStatistics {
    return { ...super.statistics(), unfinished: this.accepted - this.finished }
  }

  /** @internal */
  override get kind(): string {
    return 'Queue'
  }

  /** @internal */
  override makeStore(_options: NameOptions | undefined): Store<T> {
    return new Ring<T>()
  }
}

function checkSize(maxSize: number): number {
  if (maxSize === 0) {
    wrongValue(
      'maxSize',
      'at least 1, or Infinity for no limit (a Channel hands over without storing)',
      maxSize,
    )
  }
  checkCount('maxSize', maxSize, 1)
  return maxSize
}
