// A number to wait for.
import {
  complete,
  giveFalse,
  refuse,
  WaitList,
  wrongType,
  wrongValue,
} from '@greenhouse/scheduler/kernel'
import type { Blocking, Plain, Steps, WaitOptions } from '@greenhouse/scheduler'
import { Hold, type Held } from './core/grant.ts'
import { nameOf, type NameOptions } from './core/named.ts'
import { runHolding } from './core/run.ts'

/** Lists without waiters are looked for when there are so many. */
const FIRST_SWEEP = 16

/**
 * A counter: greenlets count it up and down, others wait until it has an exact value.
 *
 * @param initial - An integer; 0 by default.
 * @param options - `name`.
 * @throws {GH_INVALID_ARGUMENT} when `initial` is no integer.
 * @example
 * ```ts
 * import { pauseFor, schedule } from '@greenhouse/scheduler'
 * import { Counter } from '@greenhouse/util'
 *
 * const running = new Counter()
 * for (const ms of [1, 2, 3]) schedule(async () => running.run(() => pauseFor(ms)))
 * await running.wait(3)
 * console.log('all have started')
 * await running.wait(0)
 * console.log('all have finished')
 * // => all have started
 * // => all have finished
 * ```
 *
 * Source: greenhouse/utils.py Counter
 */
export class Counter {
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** @internal */
  value: number
  /** @internal */
  readonly waiters: Map<number, WaitList<boolean>> = new Map()
  /** @internal */
  sweepAt = FIRST_SWEEP

  constructor(initial: number = 0, options?: NameOptions) {
    checkInteger('initial', initial)
    this.value = initial
    this.name = nameOf('Counter', this, options)
  }

  /** The present value. */
  get count(): number {
    return this.value
  }

  /**
   * Counts up, in one step.
   *
   * @param by - An integer; 1 by default.
   */
  increment(by: number = 1): void {
    checkInteger('by', by)
    this.value += by
    if (by !== 0) this.waiters.get(this.value)?.wakeAll(true)
  }

  /**
   * Counts down, in one step.
   *
   * @param by - An integer; 1 by default.
   */
  decrement(by: number = 1): void {
    checkInteger('by', by)
    this.increment(-by)
  }

  /**
   * Waits until the counter has a value; it may have another again when the waiter runs.
   *
   * @param until - An integer; 0 by default.
   * @param options - `timeoutMs`, `signal`.
   * @returns true, or false when the time was up.
   * @throws {GH_INVALID_ARGUMENT} when `until` is no integer; the signal's reason.
   */
  wait(until: number = 0, options?: WaitOptions): Blocking<boolean> {
    checkInteger('until', until)
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.value === until) return complete(true)
    let list = this.waiters.get(until)
    if (list === undefined) {
      if (this.waiters.size >= this.sweepAt) this.sweep()
      list = new WaitList<boolean>('Counter.wait', null, this)
      this.waiters.set(until, list)
    }
    return list.park(undefined, options, giveFalse)
  }

  /** Counts up, and gives an object whose `release()` or disposal counts down: `using one = counter.hold()`. */
  hold(): Held {
    this.increment()
    return new Hold(this)
  }

  /**
   * Runs a function between a count up and a count down.
   *
   * @param fn - Async, generator or plain.
   * @returns what `fn` gives.
   * @throws what `fn` throws.
   */
  run<T>(fn: () => Steps<T>): Blocking<T>
  run<T>(fn: () => PromiseLike<T>): Blocking<T>
  run<T extends Plain>(fn: () => T): Blocking<T>
  run(fn: unknown): Blocking<unknown> {
    return runHolding(() => complete(this.hold()), fn)
  }

  /** How things stand. */
  statistics(): { count: number; waiting: number } {
    let waiting = 0
    for (const { size } of this.waiters.values()) waiting += size
    return { count: this.value, waiting }
  }

  /** @internal */
  giveBack(): void {
    this.decrement()
  }

  /** @internal */
  sweep(): void {
    for (const [until, { size }] of this.waiters) if (size === 0) this.waiters.delete(until)
    this.sweepAt = Math.max(FIRST_SWEEP, 2 * this.waiters.size)
  }
}

function checkInteger(name: string, value: unknown): void {
  if (typeof value !== 'number') wrongType(name, 'an integer', value)
  if (!Number.isSafeInteger(value)) wrongValue(name, 'an integer', value)
}
