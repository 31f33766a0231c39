// A meeting point.
import { GreenhouseError, type Blocking, type WaitOptions } from '@greenhouse/scheduler'
import {
  checkCount,
  complete,
  giveFalse,
  refuse,
  WaitList,
  wrongValue,
} from '@greenhouse/scheduler/kernel'
import { nameOf, titleOf, type NameOptions } from './core/named.ts'

/**
 * A barrier: greenlets wait until so many have come, then all go on, and it is ready for the next round.
 *
 * One whose wait ends early (by its time-out, an end, an abort) has not come; the others go on waiting for the full number.
 *
 * @param parties - How many have to come: an integer of at least 1.
 * @param options - `name`.
 * @throws {GH_INVALID_ARGUMENT} for a bad number.
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { Barrier } from '@greenhouse/util'
 *
 * const start = new Barrier(2)
 * schedule(function* () {
 *   yield* start.wait()
 *   console.log('we both are here')
 * })
 * await start.wait()
 * console.log('so we start')
 * // => we both are here
 * // => so we start
 * ```
 */
export class Barrier {
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** How many have to come. */
  readonly parties: number
  /** @internal */
  readonly waiters: WaitList<boolean>

  constructor(parties: number, options?: NameOptions) {
    checkCount('parties', parties, 1)
    if (parties === Infinity) wrongValue('parties', 'a number that can be reached', parties)
    this.parties = parties
    this.name = nameOf('Barrier', this, options)
    this.waiters = new WaitList<boolean>('Barrier.wait', null, this)
  }

  /** How many are there and wait for the others. */
  get waiting(): number {
    return this.waiters.size
  }

  /**
   * Waits until all have come; the last one does not wait.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns true, or false when the time was up.
   * @throws {GH_INVALID_STATE} when it is reset meanwhile; the signal's reason.
   */
  wait(options?: WaitOptions): Blocking<boolean> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.waiters.size + 1 < this.parties)
      return this.waiters.park(undefined, options, giveFalse)
    this.waiters.wakeAll(true)
    return complete(true)
  }

  /** Sends home all that wait, with an error: the round begins anew. */
  reset(): void {
    const message = `The ${titleOf('barrier', this.name)} was reset`
    this.waiters.failAll(() => new GreenhouseError('GH_INVALID_STATE', message))
  }

  /** How things stand. */
  statistics(): { parties: number; waiting: number } {
    return { parties: this.parties, waiting: this.waiters.size }
  }
}
