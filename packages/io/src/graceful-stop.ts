// Ending a program in good order when the system asks for it.
//
//   signal --> stop() of all servers at once --> end of greenlets and groups --> done
//                   second signal: stop({ timeoutMs: 0 }), and no more waiting; a third has its default action
import {
  end,
  isGreenlet,
  pauseFor,
  schedule,
  wait,
  withTimeout,
  type Blocking,
  type Greenlet,
  type Steps,
} from '@greenhouse/scheduler'
import { checkDelay, checkOptions, now, refuse, wrongType } from '@greenhouse/scheduler/kernel'
import { checkSignals } from './signal-source.ts'
import { SignalWatcher } from './signal-watcher.ts'

/** What stops by itself when asked to: a server, a `Process`, or anything with this method. */
export interface Stoppable {
  /** Lets what is under way finish for so many milliseconds, then cuts it off. */
  stop(options: { readonly timeoutMs: number }): unknown
}

/** What is ended from outside: a `Group`. */
export interface Endable {
  end(): void
  readonly size: number
}

/** What `gracefulStop` takes. */
export type StopTarget = Stoppable | Endable | Greenlet

/** How `gracefulStop` goes about it. */
export interface GracefulStopOptions {
  /** SIGTERM and SIGINT by default. */
  readonly signals?: readonly NodeJS.Signals[] | undefined
  /** Milliseconds for all of it; 5000 by default, Infinity to wait as long as it takes. */
  readonly drainMs?: number | undefined
  /** Aborts the wait, and the stopping, with its own reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits for SIGTERM or SIGINT, then stops what it was given: `stop({ timeoutMs: drainMs })` of all servers and the like at once, and
 * when these have stopped, the end of greenlets and groups. Returns when all are done, or the time is up.
 *
 * A second signal forces: `stop({ timeoutMs: 0 })`, and greenlets are not waited for any longer. A third has its default action.
 * The wait for the first does not keep the process alive. Ended or aborted, it listens no more and stops nothing more.
 *
 * @param targets - Servers, processes, anything with a `stop`; greenlets; groups.
 * @param options - `drainMs`, `signals`, `signal`.
 * @returns the name of the first signal.
 * @throws what a `stop` threw, an AggregateError of several, when all others are done; {GH_INVALID_ARGUMENT};
 *   {GH_UNSUPPORTED} in worker threads; the abort signal's reason.
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { gracefulStop } from '@greenhouse/io'
 *
 * const alive = setInterval(() => {}, 1000)
 * const server = {
 *   stop: async ({ timeoutMs }: { timeoutMs: number }) => {
 *     console.log('stopping within', timeoutMs)
 *     clearInterval(alive)
 *   },
 * }
 * schedule(() => process.kill(process.pid, 'SIGTERM'))
 * console.log(await gracefulStop([server], { drainMs: 2000 }))
 * // => stopping within 2000
 * // => SIGTERM
 * ```
 */
export function gracefulStop(
  targets: readonly StopTarget[],
  options: GracefulStopOptions = {},
): Blocking<NodeJS.Signals> {
  checkTargets(targets)
  checkOptions('options', options)
  const { signals = ['SIGTERM', 'SIGINT'], drainMs = 5000, signal } = options
  if (!Array.isArray(signals)) wrongType('options.signals', 'an array of signals', signals)
  const names = checkSignals(signals)
  checkDelay('options.drainMs', drainMs)
  const refused = refuse({ signal })
  if (refused !== null) return refused
  return withTimeout(Infinity, () => stopOnSignal(new Stop(targets, drainMs), names, signal))
}

function* stopOnSignal(
  stop: Stop,
  names: readonly NodeJS.Signals[],
  signal: AbortSignal | undefined,
): Steps<NodeJS.Signals> {
  const watcher = new SignalWatcher(...names)
  const helpers: Greenlet[] = []
  try {
    const name = yield* watcher.wait({ signal })
    helpers.push(schedule(forceOnSignal, stop, watcher))
    const stopping = schedule(stopAll, stop)
    helpers.push(stopping)
    yield* stopping.join({ signal })
    if (stop.errors.length === 1) throw stop.errors[0]
    if (stop.errors.length > 1) {
      throw new AggregateError(stop.errors, `${stop.errors.length} could not be stopped`)
    }
    return name
  } finally {
    watcher.close()
    for (const helper of [...helpers, ...stop.stopping, ...stop.ending]) end(helper)
  }
}

class Stop {
  readonly stoppables: readonly Stoppable[]
  readonly others: readonly (Endable | Greenlet)[]
  readonly drainMs: number
  readonly errors: unknown[] = []
  /** Those who wait for a `stop`. */
  readonly stopping: Set<Greenlet> = new Set()
  /** Those who wait for a greenlet or a group to be gone. */
  readonly ending: Set<Greenlet> = new Set()
  forced = false

  constructor(targets: readonly StopTarget[], drainMs: number) {
    this.stoppables = targets.filter(isStoppable)
    this.others = targets.filter((target) => !isStoppable(target)) as (Endable | Greenlet)[]
    this.drainMs = drainMs
  }
}

function* stopAll(stop: Stop): Steps<void> {
  const untilMs = now() + stop.drainMs
  for (const target of stop.stoppables) {
    stop.stopping.add(schedule(stopOne, stop, target, stop.drainMs))
  }
  yield* waitForAll(stop.stopping)
  for (const target of stop.others) {
    if (isGreenlet(target)) end(target)
    else target.end()
    if (!stop.forced) stop.ending.add(schedule(untilGone, target, untilMs))
  }
  yield* waitForAll(stop.ending)
}

function* forceOnSignal(stop: Stop, watcher: SignalWatcher): Steps<void> {
  const { done } = yield* watcher.next()
  if (done === true) return
  watcher.close()
  stop.forced = true
  for (const target of stop.stoppables) stop.stopping.add(schedule(stopOne, stop, target, 0))
  for (const waiting of stop.ending) end(waiting)
}

/** Waits for all, those that come meanwhile too. */
function* waitForAll(greenlets: Set<Greenlet>): Steps<void> {
  for (const greenlet of greenlets) {
    try {
      yield* greenlet.join()
    } catch (error) {
      // Else it is this one that is ended.
      if (greenlet.state !== 'ended') throw error
    }
    greenlets.delete(greenlet)
  }
}

function* stopOne(stop: Stop, target: Stoppable, timeoutMs: number): Steps<void> {
  try {
    yield* wait(target.stop({ timeoutMs }))
  } catch (error) {
    stop.errors.push(error)
  }
}

function* untilGone(target: Endable | Greenlet, untilMs: number): Steps<void> {
  if (isGreenlet(target)) {
    try {
      yield* target.join({ timeoutMs: Math.max(0, untilMs - now()) })
    } catch {
      // Its outcome is for others; one that resists is left behind.
    }
    return
  }
  // A group tells nobody but who runs it when its last greenlet is gone.
  while (target.size > 0 && now() < untilMs) yield* pauseFor(5)
}

function isStoppable(target: StopTarget): target is Stoppable {
  return typeof (target as Partial<Stoppable>).stop === 'function'
}

function checkTargets(targets: readonly unknown[]): void {
  const expected = 'an array of servers and the like (with a `stop`), groups and greenlets'
  if (!Array.isArray(targets)) wrongType('targets', expected, targets)
  for (const target of targets as unknown[]) {
    const { stop, end: endIt } = (target ?? {}) as Partial<Stoppable & Endable>
    if (typeof stop === 'function' || typeof endIt === 'function' || isGreenlet(target)) continue
    wrongType('targets', expected, target)
  }
}
