// Groups: greenlets that cannot outlive the block in which they were made.
import type { Blocking, Steps } from './blocking.ts'
import type { AsyncBody, GeneratorBody, Plain, PlainBody } from './bodies.ts'
import { checkCount, checkDelay, checkFunction, checkOptions } from './check.ts'
import { refuse } from './core/begin.ts'
import { extraOf, type Membership } from './core/extra.ts'
import { CoreGreenlet } from './core/greenlet.ts'
import { FAILED, INITIAL, LIFE, ALIVE, GENERATOR, type FINISHED, SCHEDULED } from './core/life.ts'
import { openOperations } from './core/open-operations.ts'
import {
  blocking,
  cancel,
  DONE,
  FAILED as WAIT_FAILED,
  settle,
  type Operation,
} from './core/operation.ts'
import { Region } from './core/region.ts'
import { push } from './core/run-queue.ts'
import type { Scope as CoreScope } from './core/scope.ts'
import { startTimer, stopTimer, type Bucket, type Timer } from './core/timers.ts'
import { hasWork } from './core/work.ts'
import { end } from './end.ts'
import { GreenhouseError } from './errors.ts'
import type { Greenlet } from './greenlet.ts'

/** How a group runs. */
export interface GroupOptions {
  /** How many children run at once; no limit by default. */
  readonly concurrency?: number
  /** Milliseconds that the cleanup of a cancelled child may wait before it is interrupted again; 1000 by default. */
  readonly graceMs?: number
}

/**
 * A set of greenlets with a common end, made by `Group.run`. The first failure ends the others.
 */
export class Group {
  /** @internal */
  readonly core: GroupCore

  /** @internal */
  constructor(core: GroupCore) {
    this.core = core
  }

  /**
   * Runs a function that schedules children, and waits for it and all of them.
   *
   * The first failure, of the function or a child, ends the rest. Ended or timed out from outside, it ends them all; their
   * cleanup runs first. A child that is then stuck on a foreign promise is detached after the grace period.
   *
   * @param fn - Gets the group; async, generator or plain.
   * @param options - `concurrency`, `graceMs`.
   * @returns what `fn` gives; undefined when `group.end()` cut it off.
   * @throws the one error, or an AggregateError of several; {GH_INVALID_ARGUMENT}.
   * @example
   * ```ts
   * import { Group, pauseFor } from '@greenhouse/scheduler'
   *
   * await Group.run(async (group) => {
   *   for (const name of ['a', 'b']) {
   *     group.schedule(async () => {
   *       await pauseFor(1)
   *       console.log(name)
   *     })
   *   }
   * })
   * console.log('all done')
   * // => a
   * // => b
   * // => all done
   * ```
   */
  static run<T>(fn: (group: Group) => Steps<T>, options?: GroupOptions): Blocking<T>
  static run<T>(fn: (group: Group) => PromiseLike<T>, options?: GroupOptions): Blocking<T>
  static run<T extends Plain>(fn: (group: Group) => T, options?: GroupOptions): Blocking<T>
  static run(fn: unknown, options: GroupOptions = {}): Blocking<unknown> {
    checkFunction('fn', fn)
    checkOptions('options', options)
    const { concurrency = Infinity, graceMs = 1000 } = options
    checkCount('options.concurrency', concurrency, 1)
    checkDelay('options.graceMs', graceMs)
    const refused = refuse()
    if (refused !== null) return refused
    const core = new GroupCore(fn, concurrency, graceMs)
    core.region.begin()
    return blocking(core.region.operation)
  }

  /** How many children have not finished. */
  get size(): number {
    return this.core.children.size
  }

  /**
   * Starts a child.
   *
   * @param fn - As for the function `schedule`.
   * @param args - Handed to it.
   * @returns the greenlet; its error is the group's.
   * @throws {GH_CLOSED} when the group has ended, {GH_INVALID_ARGUMENT}.
   */
  schedule<A extends unknown[], T>(fn: GeneratorBody<A, T>, ...args: A): Greenlet<T>
  schedule<A extends unknown[], T>(fn: AsyncBody<A, T>, ...args: A): Greenlet<T>
  schedule<A extends unknown[], T extends Plain>(fn: PlainBody<A, T>, ...args: A): Greenlet<T>
  schedule(fn: unknown, ...args: unknown[]): Greenlet {
    checkFunction('fn', fn)
    return this.core.schedule(fn, args)
  }

  /** Ends the children and the function; the call of `run` then gives undefined. */
  end(): void {
    this.core.cancel(new GreenhouseError('GH_CANCELLED', 'The group was ended'), true)
  }
}

/** The function of a group. Left behind on a foreign promise, it does not settle the call: the children do. */
class GroupRegion extends Region {
  core!: GroupCore

  override interrupt(_operation: Operation, error: unknown): void {
    this.core.cancel(error, false)
  }

  override abandon(): void {
    this.leaveBehind()
    this.core.bodyDone = true
    this.core.settleWhenDone()
  }
}

/** What a group does, apart from what it shows. */
class GroupCore implements Membership, Timer {
  bucket: Bucket | null = null
  earlier: Timer | null = null
  later: Timer | null = null
  readonly keepsProcess = false
  readonly detached = false
  readonly region: GroupRegion
  readonly children: Set<CoreGreenlet> = new Set()
  /** Children that wait for their turn, in order; `turn` goes through them once. */
  readonly waiting: Set<CoreGreenlet> = new Set()
  turn: Iterator<CoreGreenlet, undefined> = this.waiting.values()
  readonly errors: unknown[] = []
  readonly concurrency: number
  readonly graceMs: number
  active = 0
  cause: unknown = undefined
  ended = false
  value: unknown = undefined
  bodyDone = false

  constructor(fn: unknown, concurrency: number, graceMs: number) {
    this.concurrency = concurrency
    this.graceMs = graceMs
    this.region = new GroupRegion('Group.run', fn, [new Group(this)], (_region, outcome, value) =>
      this.bodyFinished(outcome, value),
    )
    this.region.core = this
  }

  schedule(fn: unknown, args: unknown[]): CoreGreenlet {
    if (this.cause !== undefined || (this.bodyDone && this.children.size === 0)) {
      throw new GreenhouseError('GH_CLOSED', 'The group has ended: it takes no more children')
    }
    const child = new CoreGreenlet(this.region, INITIAL | SCHEDULED, fn, args)
    const extra = extraOf(child)
    extra.group = this
    extra.graceMs = this.graceMs
    this.children.add(child)
    if (this.active < this.concurrency) this.start(child)
    else this.waiting.add(child)
    return child
  }

  childFinished(child: CoreScope, failed: boolean, value: unknown): boolean {
    const known = this.children.delete(child as CoreGreenlet)
    if (!known) return false
    const waitedFor = this.region.operation.parked
    if (!this.waiting.delete(child as CoreGreenlet)) this.active--
    if (failed && value !== this.cause) {
      this.errors.push(value)
      this.cancel(value, false)
    }
    if (this.active < this.concurrency) this.startNext()
    this.settleWhenDone()
    return waitedFor
  }

  bodyFinished(outcome: typeof FINISHED | typeof FAILED, value: unknown): void {
    this.bodyDone = true
    if (outcome !== FAILED) this.value = value
    else if (value !== this.cause) {
      this.errors.push(value)
      this.cancel(value, false)
    }
    this.settleWhenDone()
  }

  cancel(cause: unknown, ended: boolean): void {
    if (this.cause !== undefined) return
    this.cause = cause
    this.ended = ended
    startTimer(this, this.graceMs)
    for (const child of [...this.children]) end(child)
    this.region.cancel(cause)
  }

  /** The grace period is over: children that nothing can reach are left behind. */
  fire(): void {
    for (const child of [...this.children]) {
      const reachable =
        (child.bits & (LIFE | GENERATOR)) !== ALIVE ||
        openOperations(child).length > 0 ||
        hasWork(child)
      if (reachable) continue
      this.children.delete(child)
      extraOf(child).group = DETACHED
    }
    this.settleWhenDone()
    if (this.children.size > 0) startTimer(this, Math.max(1, this.graceMs))
  }

  startNext(): void {
    const { value: next } = this.turn.next()
    // An iterator that has come to the end stays there.
    if (next === undefined) this.turn = this.waiting.values()
    else {
      this.waiting.delete(next)
      this.start(next)
    }
  }

  start(child: CoreGreenlet): void {
    this.active++
    push(child)
  }

  settleWhenDone(): void {
    if (!this.bodyDone || this.children.size > 0) return
    stopTimer(this)
    const { operation } = this.region
    if (!operation.parked) return
    if (this.errors.length > 1) {
      settle(
        operation,
        WAIT_FAILED,
        new AggregateError(this.errors, `${this.errors.length} greenlets of the group failed`),
      )
    } else if (this.errors.length === 1) settle(operation, WAIT_FAILED, this.errors[0])
    else if (this.cause === undefined) settle(operation, DONE, this.value)
    else if (this.ended) settle(operation, DONE, undefined)
    else cancel(operation, this.cause)
  }
}

const DETACHED: Membership = { detached: true, childFinished: () => false }
