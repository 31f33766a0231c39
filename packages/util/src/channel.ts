// Handing items from greenlet to greenlet, with a choice between several channels.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { checkCount } from '@greenhouse/scheduler/kernel'
import type { NameOptions } from './core/named.ts'
import { Ring, type Store } from './core/store.ts'
import { Exchange } from './exchange.ts'
import { select, type FittingCases, type SelectCase, type Selected } from './select.ts'

/**
 * A channel: `put` waits until somebody gets the item, or up to `maxSize` items may wait in it.
 *
 * @param maxSize - How many items fit; 0 by default: items are handed over, putter and getter meet.
 * @param options - `name`.
 * @throws {GH_INVALID_ARGUMENT} for a bad size (RangeError).
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { Channel } from '@greenhouse/util'
 *
 * const channel = new Channel<string>()
 * schedule(function* () {
 *   for (const word of ['ping', 'pong']) yield* channel.put(word)
 *   channel.close()
 * })
 * for await (const word of channel) console.log(word)
 * // => ping
 * // => pong
 * ```
 */
export class Channel<T = unknown> extends Exchange<T> {
  constructor(maxSize: number = 0, options?: NameOptions) {
    checkCount('maxSize', maxSize, 0)
    super(maxSize, options)
  }

  /**
   * Waits until one of several channels or queues gives or takes an item: exactly one does. Where several are ready the first
   * in the list is taken. Closed ones are passed over.
   *
   * @param cases - For each a channel, to get from it, or `[channel, item]`, to put that in.
   * @param options - `timeoutMs` (0 tries once), `signal`.
   * @returns `{ index, channel, item }`: which case it was, and the item that was got or put.
   * @throws {GH_TIMEOUT}; {GH_CLOSED} when all are closed; {GH_INVALID_ARGUMENT}; the signal's reason.
   * @example
   * ```ts
   * import { Channel } from '@greenhouse/util'
   *
   * const news = new Channel<string>(1)
   * const work = new Channel<number>(1)
   * await work.put(7)
   * const { channel, item } = await Channel.select([news, work])
   * console.log(channel === work, item) // => true 7
   * console.log((await Channel.select([[work, 8], news])).index) // => 0
   * ```
   */
  static select<const C extends readonly SelectCase[]>(
    cases: C & FittingCases<C>,
    options?: WaitOptions,
  ): Blocking<Selected<C>> {
    return select(cases, options) as Blocking<Selected<C>>
  }

  /** @internal */
  override get kind(): string {
    return 'Channel'
  }

  /** @internal */
  override makeStore(_options: NameOptions | undefined): Store<T> {
    return new Ring<T>()
  }
}
