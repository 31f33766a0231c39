// Signals one after another, none lost.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { GreenhouseError } from '@greenhouse/scheduler'
import {
  complete,
  fail,
  inspectable,
  refuse,
  resume,
  resumeError,
  type Operation,
} from '@greenhouse/scheduler/kernel'
import { OutsideList } from './core/outside.ts'
import { checkSignals, listenTo } from './signal-source.ts'

/**
 * Listens to signals from now on until it is closed. Those that come while nobody waits are kept, each kind once, as the
 * system itself does with pending signals: two SIGHUPs before anybody looks are one. So at most as many are kept as there are
 * kinds, and they are handed out in order of arrival.
 *
 * It does not keep the process alive, as Node's own listeners do not.
 *
 * @param signals - Names of signals, at least one.
 * @throws {GH_INVALID_ARGUMENT}; {GH_UNSUPPORTED} in worker threads; Node's own error for signals that cannot be caught.
 * @example
 * ```ts
 * import { SignalWatcher } from '@greenhouse/io'
 *
 * const watcher = new SignalWatcher('SIGHUP', 'SIGUSR2')
 * const alive = setInterval(() => {}, 1000)
 * process.kill(process.pid, 'SIGHUP')
 * for await (const name of watcher) {
 *   console.log(name) // => SIGHUP
 *   watcher.close()
 * }
 * clearInterval(alive)
 * ```
 */
export class SignalWatcher {
  /** What it listens to. */
  readonly signals: readonly NodeJS.Signals[]
  /** @internal */
  readonly waiters: OutsideList<NodeJS.Signals | SignalStep>
  /** @internal In order of arrival. */
  readonly kept: Set<NodeJS.Signals> = new Set()
  /** @internal */
  stop: (() => void) | null = null

  constructor(...signals: NodeJS.Signals[]) {
    this.signals = checkSignals(signals)
    this.waiters = new OutsideList('SignalWatcher.wait', this.giveBack, this)
    this.stop = listenTo(this.signals, this.arrived)
    inspectable('SignalWatcher', this)
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.stop === null
  }

  /**
   * Waits for the next signal; each goes to one waiter.
   *
   * Ended, timed out or aborted, it leaves the signal to the next.
   *
   * @param options - `timeoutMs` (0 takes one that is kept), `signal`.
   * @returns the name of the signal.
   * @throws {GH_TIMEOUT}; {GH_CLOSED}; the abort signal's reason.
   */
  wait(options?: WaitOptions): Blocking<NodeJS.Signals> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.closed) return fail(closed())
    const name = this.tryWait()
    if (name === undefined) return this.waiters.park<NodeJS.Signals>(bare, options)
    return this.waiters.complete(name) as Blocking<NodeJS.Signals>
  }

  /**
   * Waits for the next signal as an iterator gives it: the step of a loop in a generator greenlet. Async code has `for await`.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns `{ done: false, value: name }`, or `{ done: true }` when it is closed.
   * @throws {GH_TIMEOUT}; the abort signal's reason.
   */
  next(options?: WaitOptions): Blocking<SignalStep> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.closed) return complete(LAST)
    const name = this.tryWait()
    if (name === undefined) return this.waiters.park<SignalStep>(step, options)
    return this.waiters.complete(step(name)) as Blocking<SignalStep>
  }

  /** Takes a signal that is kept, without waiting; undefined when there is none. */
  tryWait(): NodeJS.Signals | undefined {
    for (const name of this.kept) {
      this.kept.delete(name)
      return name
    }
    return undefined
  }

  /** Stops listening: unless others listen, the signals have their default action again. Waiters get GH_CLOSED. */
  close(): void {
    this.stop?.()
    this.stop = null
    this.kept.clear()
    for (let waiter: Operation | null; (waiter = this.waiters.shift()) !== null;) {
      if (waiter.value === step) resume(waiter, LAST)
      else resumeError(waiter, closed())
    }
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** Signal by signal, until it is closed; leaving the loop does not close it. */
  [Symbol.asyncIterator](): AsyncIterableIterator<NodeJS.Signals, undefined> {
    return { next: () => this.next(), [Symbol.asyncIterator]: () => this[Symbol.asyncIterator]() }
  }

  /** How things stand. */
  statistics(): { signals: readonly NodeJS.Signals[]; kept: number; waiters: number } {
    return { signals: this.signals, kept: this.kept.size, waiters: this.waiters.size }
  }

  /** @internal */
  readonly arrived = (name: NodeJS.Signals): void => {
    const waiter = this.waiters.shift()
    if (waiter === null) this.kept.add(name)
    else resume(waiter, (waiter.value as Shape)(name))
  }

  /** @internal Nobody has taken it: it is the oldest. */
  readonly giveBack = (given: NodeJS.Signals | SignalStep): void => {
    const name = typeof given === 'string' ? given : given.value
    if (this.closed || name === undefined) return
    if (this.waiters.size > 0) return this.arrived(name)
    const later = [...this.kept]
    this.kept.clear()
    for (const each of [name, ...later]) this.kept.add(each)
  }
}

type SignalStep = IteratorResult<NodeJS.Signals, undefined>

/** What a waiter makes of a signal. */
type Shape = (name: NodeJS.Signals) => NodeJS.Signals | SignalStep

const bare: Shape = (name) => name
const step = (name: NodeJS.Signals): SignalStep => ({ done: false, value: name })
const LAST: SignalStep = { done: true, value: undefined }

function closed(): GreenhouseError {
  return new GreenhouseError('GH_CLOSED', 'The signal watcher is closed')
}
