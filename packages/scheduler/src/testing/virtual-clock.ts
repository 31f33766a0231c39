// Time for tests: it stands still while anything can run, and jumps to the next timer when nothing can.
import type { Clock } from '../core/clock.ts'
import { externalWaits } from '../core/external.ts'
import { entriesRun, queueLength } from '../core/run-queue.ts'
import { currentClock, setTimersAside, useClock } from '../core/timers.ts'
import { checkDelay, checkFunction, checkOptions } from '../check.ts'
import { GreenhouseError } from '../errors.ts'

/** The hands of a virtual clock. */
export interface VirtualClock {
  /** Virtual monotonic milliseconds since the clock began. */
  now(): number
  /** Virtual milliseconds since the epoch. */
  wallNow(): number
  /** Lets time pass; timers that fall due meanwhile fire in order, each at its own moment, and what they wake runs. */
  advance(ms: number): Promise<void>
  /** Sets the wall clock, as an administrator might; the monotonic one does not notice. */
  setWallClock(epochMs: number): void
}

/** How a virtual clock behaves. */
export interface VirtualClockOptions {
  /** Whether it jumps by itself to the next timer when nothing can run; true by default. */
  readonly autojump?: boolean
  /** The moment of the wall clock at its beginning, in milliseconds since the epoch; 0 by default. */
  readonly startMs?: number
}

/**
 * Runs a test in virtual time: an hour passes in milliseconds, and always in the same order.
 *
 * The clock jumps only when the run queue stayed empty for a whole turn of the event loop and no `wait(promise)` and no I/O of
 * greenhouse is pending. It cannot see a bare `await` of a foreign promise: bring such a promise in by `wait`.
 *
 * @param fn - Gets the clock; may be async.
 * @param options - `autojump`, `startMs`.
 * @returns what `fn` gives. Timers that are still set then are forgotten.
 * @throws {GH_INVALID_STATE} when a virtual clock runs already.
 * @example
 * ```ts
 * import { pauseFor } from '@greenhouse/scheduler'
 * import { withVirtualClock } from '@greenhouse/scheduler/testing'
 *
 * await withVirtualClock(async (clock) => {
 *   await pauseFor(3_600_000)
 *   console.log(clock.now()) // => 3600000
 * })
 * ```
 */
export async function withVirtualClock<T>(
  fn: (clock: VirtualClock) => T | PromiseLike<T>,
  options: VirtualClockOptions = {},
): Promise<T> {
  checkFunction('fn', fn)
  checkOptions('options', options)
  const real = currentClock()
  if (real instanceof Hands)
    throw new GreenhouseError('GH_INVALID_STATE', 'A virtual clock runs already')
  const { autojump = true, startMs = 0 } = options
  const putBack = setTimersAside()
  const clock = new Hands(startMs, autojump)
  useClock(clock)
  try {
    return await fn(clock)
  } finally {
    clock.stopped = true
    putBack()
    useClock(real)
  }
}

class Hands implements Clock, VirtualClock {
  readonly autojump: boolean
  stopped = false
  nowMs = 0
  wallOffsetMs: number
  armedMs = Infinity
  fire: (() => void) | null = null
  watching = false
  entriesSeen = -1

  constructor(startMs: number, autojump: boolean) {
    this.wallOffsetMs = startMs
    this.autojump = autojump
  }

  now(): number {
    return this.nowMs
  }

  wallNow(): number {
    return this.nowMs + this.wallOffsetMs
  }

  setWallClock(epochMs: number): void {
    this.wallOffsetMs = epochMs - this.nowMs
  }

  arm(atMs: number, _keepsProcess: boolean, fire: () => void): void {
    this.armedMs = atMs
    this.fire = fire
    if (this.autojump) this.watch()
  }

  disarm(): void {
    this.armedMs = Infinity
    this.fire = null
  }

  async advance(ms: number): Promise<void> {
    checkDelay('ms', ms)
    const untilMs = this.nowMs + ms
    await quiet()
    while (this.armedMs <= untilMs) {
      this.jump()
      await quiet()
    }
    this.nowMs = untilMs
  }

  jump(): void {
    const { fire } = this
    this.nowMs = Math.max(this.nowMs, this.armedMs)
    this.disarm()
    fire?.()
  }

  watch(): void {
    if (this.watching) return
    this.watching = true
    this.entriesSeen = -1
    setImmediate(this.look)
  }

  look = (): void => {
    this.watching = false
    if (this.stopped || this.fire === null) return
    const seen = entriesRun()
    const idle = seen === this.entriesSeen && queueLength() === 0
    // What is due already needs no jump.
    if (idle && (externalWaits() === 0 || this.armedMs <= this.nowMs)) return this.jump()
    this.entriesSeen = seen
    this.watching = true
    setImmediate(this.look)
  }
}

/** Two turns of the event loop in which no greenlet ran. */
async function quiet(): Promise<void> {
  let seen = -1
  for (let calm = 0; calm < 2;) {
    await new Promise((resolve) => setImmediate(resolve))
    calm = entriesRun() === seen && queueLength() === 0 ? calm + 1 : 0
    seen = entriesRun()
  }
}
