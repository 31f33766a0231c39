// A forced order of events across greenlets, for tests.
import type { Blocking } from '../blocking.ts'
import { checkCount } from '../check.ts'
import { refuse } from '../core/begin.ts'
import { complete, WaitList } from '../core/wait-list.ts'
import { GreenhouseError } from '../errors.ts'

/**
 * Makes greenlets pass numbered points in order, whatever the scheduler does.
 *
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { Sequencer } from '@greenhouse/scheduler/testing'
 *
 * const sequencer = new Sequencer()
 * schedule(async () => {
 *   await sequencer.turn(1)
 *   console.log('second')
 * })
 * await sequencer.turn(0)
 * console.log('first')
 * await sequencer.turn(2)
 * // => first
 * // => second
 * ```
 */
export class Sequencer {
  /** @internal */
  next = 0
  /** @internal */
  readonly waiting: Map<number, WaitList<void>> = new Map()

  /**
   * Waits until every turn below has been taken, and takes this one.
   *
   * @param number - From 0 on; each is taken once.
   * @throws {GH_INVALID_STATE} when it has been taken already.
   */
  turn(number: number): Blocking<void> {
    checkCount('number', number, 0)
    const refused = refuse()
    if (refused !== null) return refused
    if (number < this.next || this.waiting.has(number)) {
      throw new GreenhouseError('GH_INVALID_STATE', `Turn ${number} has been taken already`)
    }
    if (number === this.next) {
      this.pass()
      return complete(undefined)
    }
    const list = new WaitList<void>('Sequencer.turn')
    this.waiting.set(number, list)
    return list.park(undefined, undefined, () => {})
  }

  /** @internal */
  pass(): void {
    this.next++
    const list = this.waiting.get(this.next)
    if (list === undefined) return
    this.waiting.delete(this.next)
    list.wake(undefined)
    this.pass()
  }
}
