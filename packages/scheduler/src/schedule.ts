// Making greenlets, and starting them now or later.
import type { AsyncBody, GeneratorBody, Plain, PlainBody } from './bodies.ts'
import {
  checkDelay,
  checkFunction,
  checkMoment,
  checkOptions,
  wrongType,
  wrongValue,
} from './check.ts'
import { CoreGreenlet, demandGreenlet, describe, isGreenlet, spawner } from './core/greenlet.ts'
import { DAEMON, INITIAL, LIFE, SCHEDULED } from './core/life.ts'
import { push } from './core/run-queue.ts'
import { afterDelay, atMoment } from './core/later.ts'
import type { Greenlet } from './greenlet.ts'

/** How a greenlet is made. */
export interface GreenletOptions<A extends unknown[] = unknown[]> {
  /** The arguments for the body. */
  readonly args?: A
  /** The name in dumps; the function's by default. */
  readonly name?: string
  /** Whether it neither keeps the process alive nor is missed at its end; false by default. */
  readonly daemon?: boolean
}

/**
 * Starts a greenlet at the back of the run queue, and gives it.
 *
 * @param fn - An async function, a generator function or a plain function; or a greenlet made by `greenlet`.
 * @param args - Handed to the function: one function with arguments is several times cheaper than a closure each.
 * @returns the greenlet.
 * @throws {GH_INVALID_ARGUMENT} when `fn` is neither, or a greenlet that is scheduled already or has started.
 * @example
 * ```ts
 * import { schedule, pause } from '@greenhouse/scheduler'
 *
 * const log = (text: string) => console.log(text)
 * schedule(log, 'one')
 * schedule(function* () {
 *   yield* pause()
 *   log('three')
 * })
 * await schedule(async (text: string) => log(text), 'two').join()
 * await pause()
 * // => one
 * // => two
 * // => three
 * ```
 *
 * Source: greenhouse/scheduler.py schedule. Differs: gives the greenlet, not its argument.
 */
export function schedule<G extends Greenlet>(greenlet: G): G
export function schedule<A extends unknown[], T>(fn: GeneratorBody<A, T>, ...args: A): Greenlet<T>
export function schedule<A extends unknown[], T>(fn: AsyncBody<A, T>, ...args: A): Greenlet<T>
export function schedule<A extends unknown[], T extends Plain>(
  fn: PlainBody<A, T>,
  ...args: A
): Greenlet<T>
export function schedule(fn: unknown, ...args: unknown[]): Greenlet {
  if (typeof fn !== 'function') return start(claim(fn))
  const made = new CoreGreenlet(spawner(), INITIAL | SCHEDULED, fn, args)
  push(made)
  return made
}

/**
 * Makes a greenlet without starting it; `schedule` does.
 *
 * @param fn - An async function, a generator function or a plain function.
 * @param options - `args`, `name`, `daemon`.
 * @returns the greenlet, in state "initial".
 * @throws {GH_INVALID_ARGUMENT} when `fn` is no function.
 * @example
 * ```ts
 * import { greenlet, schedule } from '@greenhouse/scheduler'
 *
 * const worker = greenlet(async () => 'done', { name: 'worker', daemon: true })
 * console.log(worker.state) // => initial
 * console.log(await schedule(worker).join()) // => done
 * ```
 *
 * Source: greenhouse/scheduler.py greenlet
 */
export function greenlet<A extends unknown[], T>(
  fn: GeneratorBody<A, T>,
  options?: GreenletOptions<A>,
): Greenlet<T>
export function greenlet<A extends unknown[], T>(
  fn: AsyncBody<A, T>,
  options?: GreenletOptions<A>,
): Greenlet<T>
export function greenlet<A extends unknown[], T extends Plain>(
  fn: PlainBody<A, T>,
  options?: GreenletOptions<A>,
): Greenlet<T>
export function greenlet(fn: unknown, options: GreenletOptions = {}): Greenlet {
  checkFunction('fn', fn)
  checkOptions('options', options)
  const { args = [], name, daemon = false } = options
  if (!Array.isArray(args)) wrongType('options.args', 'an array of arguments', args)
  const made = new CoreGreenlet(spawner(), daemon ? INITIAL | DAEMON : INITIAL, fn, args)
  if (name !== undefined) made.name = name
  return made
}

/**
 * Starts a greenlet after a delay.
 *
 * Ending the greenlet before cancels it. The process lives until then, unless the greenlet is a daemon.
 *
 * @param ms - Milliseconds from now, at least 0; never early.
 * @param fn - As for `schedule`.
 * @param args - Handed to the function.
 * @returns the greenlet.
 * @throws {GH_INVALID_ARGUMENT} as `schedule`, and for a bad delay.
 *
 * Source: greenhouse/scheduler.py schedule_in
 */
export function scheduleIn<G extends Greenlet>(ms: number, greenlet: G): G
export function scheduleIn<A extends unknown[], T>(
  ms: number,
  fn: GeneratorBody<A, T>,
  ...args: A
): Greenlet<T>
export function scheduleIn<A extends unknown[], T>(
  ms: number,
  fn: AsyncBody<A, T>,
  ...args: A
): Greenlet<T>
export function scheduleIn<A extends unknown[], T extends Plain>(
  ms: number,
  fn: PlainBody<A, T>,
  ...args: A
): Greenlet<T>
export function scheduleIn(ms: number, fn: unknown, ...args: unknown[]): Greenlet {
  checkDelay('ms', ms)
  const made =
    typeof fn === 'function'
      ? new CoreGreenlet(spawner(), INITIAL | SCHEDULED, fn, args)
      : claim(fn)
  afterDelay(made, ms, push)
  return made
}

/**
 * Starts a greenlet at a moment of the wall clock.
 *
 * @param epochMs - Milliseconds since the epoch; one that has passed means now.
 * @param fn - As for `schedule`.
 * @param args - Handed to the function.
 * @returns the greenlet.
 * @throws {GH_INVALID_ARGUMENT} as `schedule`, and for a bad moment.
 *
 * Source: greenhouse/scheduler.py schedule_at
 */
export function scheduleAt<G extends Greenlet>(epochMs: number, greenlet: G): G
export function scheduleAt<A extends unknown[], T>(
  epochMs: number,
  fn: GeneratorBody<A, T>,
  ...args: A
): Greenlet<T>
export function scheduleAt<A extends unknown[], T>(
  epochMs: number,
  fn: AsyncBody<A, T>,
  ...args: A
): Greenlet<T>
export function scheduleAt<A extends unknown[], T extends Plain>(
  epochMs: number,
  fn: PlainBody<A, T>,
  ...args: A
): Greenlet<T>
export function scheduleAt(epochMs: number, fn: unknown, ...args: unknown[]): Greenlet {
  checkMoment('epochMs', epochMs)
  const made =
    typeof fn === 'function'
      ? new CoreGreenlet(spawner(), INITIAL | SCHEDULED, fn, args)
      : claim(fn)
  atMoment(made, epochMs, push)
  return made
}

/** Takes a greenlet that may be started, once. */
function claim(value: unknown): CoreGreenlet {
  if (!isGreenlet(value)) wrongType('fn', 'a function or a greenlet', value)
  const made = demandGreenlet('fn', value)
  if ((made.bits & (LIFE | SCHEDULED)) !== INITIAL) {
    wrongValue('fn', 'a greenlet that is neither scheduled nor started', describe(made))
  }
  made.bits |= SCHEDULED
  return made
}

function start(made: CoreGreenlet): CoreGreenlet {
  push(made)
  return made
}
