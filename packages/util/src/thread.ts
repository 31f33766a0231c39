// The face of Python's threading.Thread on a greenlet.
import { getCurrent, greenlet, GreenhouseError, schedule } from '@greenhouse/scheduler'
import type { Blocking, Greenlet, Steps, WaitOptions } from '@greenhouse/scheduler'
import {
  checkFunction,
  checkOptions,
  complete,
  giveFalse,
  refuse,
  WaitList,
  wrongType,
} from '@greenhouse/scheduler/kernel'
import { isThenable } from './core/run.ts'

/** How a thread is made. */
export interface ThreadOptions<A extends unknown[] = unknown[]> {
  /** The arguments for `run`. */
  readonly args?: A | undefined
  /** "Thread-1" and so on by default. */
  readonly name?: string | undefined
  /** Whether it neither keeps the process alive nor is missed at its end; false by default. */
  readonly daemon?: boolean | undefined
}

/**
 * A greenlet with the face of Python's `threading.Thread`: give it a function, or override `run`.
 *
 * An error goes to the exception handlers, not to who joins.
 *
 * @param target - What to run: an async, generator or plain function.
 * @param options - `args`, `name`, `daemon`.
 * @throws {GH_INVALID_ARGUMENT} for bad arguments.
 * @example
 * ```ts
 * import { Thread } from '@greenhouse/util'
 *
 * class Greeter extends Thread {
 *   override run(name: string) {
 *     console.log(`Hello, ${name}`)
 *   }
 * }
 * const greeter = new Greeter(null, { args: ['Ann'] })
 * greeter.start()
 * await greeter.join()
 * // => Hello, Ann
 * ```
 *
 * Source: greenhouse/utils.py Thread. Differs: options instead of keywords; not a daemon unless asked for.
 */
export class Thread {
  /** Whether it neither keeps the process alive nor is missed at its end; to be set before `start`. */
  daemon: boolean
  /** @internal */
  readonly target: ((...args: never[]) => unknown) | null
  /** @internal */
  readonly args: readonly unknown[]
  /** @internal */
  title: string
  /** @internal */
  greenlet: Greenlet | null = null
  /** @internal */
  over = false
  /** @internal */
  readonly joiners: WaitList<boolean>

  constructor(target?: ((...args: never[]) => unknown) | null, options: ThreadOptions = {}) {
    if (target !== undefined && target !== null) checkFunction('target', target)
    checkOptions('options', options)
    const { args = [], name = `Thread-${++lastNumber}`, daemon = false } = options
    if (!Array.isArray(args)) wrongType('options.args', 'an array of arguments', args)
    if (typeof name !== 'string') wrongType('options.name', 'a string', name)
    this.target = target ?? null
    this.args = args
    this.title = name
    this.daemon = daemon
    this.joiners = new WaitList<boolean>('Thread.join')
  }

  /** The name in dumps; it can be changed at any time. */
  get name(): string {
    return this.title
  }

  set name(name: string) {
    this.title = name
    if (this.greenlet !== null) this.greenlet.name = name
  }

  /** The id of its greenlet; null before `start`. */
  get ident(): number | null {
    return this.greenlet === null ? null : this.greenlet.id
  }

  /** Whether it was started and has not finished. */
  get isAlive(): boolean {
    return this.greenlet !== null && !this.isOver
  }

  /**
   * Starts it, at the back of the run queue.
   *
   * @throws {GH_INVALID_STATE} when it was started before.
   */
  start(): void {
    schedule(this.makeGreenlet())
  }

  /** What the thread does: calls the target with the arguments. To be overridden; gets the arguments too. */
  run(...args: never[]): unknown {
    return this.target?.(...args)
  }

  /**
   * Waits until it has finished, however.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns true, or false when the time was up.
   * @throws {GH_INVALID_STATE} when it was not started, or joins itself; the signal's reason.
   */
  join(options?: WaitOptions): Blocking<boolean> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.greenlet === null) this.misused('cannot be joined before it is started')
    if (this.isOver) return complete(true)
    if (this.greenlet === getCurrent()) this.misused('cannot join itself')
    return this.joiners.park(undefined, options, giveFalse)
  }

  /** Such as `<Thread-1 (started)>`. */
  toString(): string {
    return `<${this.name} (${this.greenlet === null ? 'initial' : this.isOver ? 'stopped' : 'started'})>`
  }

  /** @internal */
  makeGreenlet(): Greenlet {
    if (this.greenlet !== null) this.misused('has been started already')
    const { name, daemon } = this
    this.greenlet = greenlet(runThread, { args: [this], name, daemon })
    return this.greenlet
  }

  /** @internal Whether it has finished, or was ended before it ran. */
  get isOver(): boolean {
    return this.over || this.greenlet?.state === 'ended'
  }

  /** @internal */
  finish(): void {
    this.over = true
    this.joiners.wakeAll(true)
  }

  /** @internal */
  misused(how: string): never {
    throw new GreenhouseError('GH_INVALID_STATE', `${this.name} ${how}`)
  }
}

let lastNumber = 0

/** The body of the greenlet: whatever `run` is, the joiners hear of its end. */
function runThread(thread: Thread): object | undefined {
  let result: unknown
  try {
    result = thread.run(...(thread.args as never[]))
  } catch (error) {
    thread.finish()
    throw error
  }
  if (isThenable(result)) return follow(thread, result)
  if (isSteps(result)) return stepThrough(thread, result)
  thread.finish()
  return undefined
}

async function follow(thread: Thread, result: PromiseLike<unknown>): Promise<void> {
  try {
    await result
  } finally {
    thread.finish()
  }
}

function* stepThrough(thread: Thread, result: Steps<unknown>): Steps<void> {
  try {
    yield* result
  } finally {
    thread.finish()
  }
}

function isSteps(value: unknown): value is Steps<unknown> {
  const steps = value as Partial<Steps<unknown>> | null | undefined
  return typeof steps?.next === 'function' && typeof steps.throw === 'function'
}
