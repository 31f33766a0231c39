// The outcomes of a pool that nobody has taken yet, and who waits for them: one of the two is always empty.
import {
  GreenhouseError,
  TimeoutError,
  type Blocking,
  type WaitOptions,
} from '@greenhouse/scheduler'
import { complete, fail, refuse, resume, resumeError, WaitList } from '@greenhouse/scheduler/kernel'
import type { Inspectable, Operation } from '@greenhouse/scheduler/kernel'
import type { Receiver } from './crew.ts'
import { Deque } from './deque.ts'
import type { Job } from './line.ts'
import { DONE } from './source.ts'

/** Whether a getter wants an iterator's result, not the plain one: what it parks with. */
const STEP = Symbol('step')

export class Results implements Receiver {
  readonly ready: Deque<unknown> = new Deque()
  readonly getters: WaitList

  constructor(owner: Inspectable) {
    this.getters = new WaitList('Pool.get', (value) => this.takeBack(value), owner)
  }

  get(options: WaitOptions | undefined, over: boolean): Blocking<unknown> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.ready.length > 0) return this.first((value) => value)
    return over ? fail(closed()) : this.getters.park(undefined, options, timedOut)
  }

  next(over: boolean): Blocking<IteratorResult<unknown, undefined>> {
    const refused = refuse()
    if (refused !== null) return refused
    if (this.ready.length > 0) return this.first((value) => new Step(value)) as Blocking<Step>
    return over ? complete(DONE) : this.getters.park(STEP, undefined, timedOut)
  }

  deliver(_job: Job, failed: boolean, value: unknown): void {
    this.give(failed ? new Failure(value) : value)
  }

  /** No outcome can come any more. */
  ended(): void {
    for (let left = this.getters.size; left > 0; left--) {
      const getter = this.getters.shift()!
      if (getter.value === STEP) resume(getter, DONE)
      else resumeError(getter, closed())
    }
  }

  give(outcome: unknown): void {
    const getter = this.getters.shift()
    if (getter === null) this.ready.push(outcome)
    else hand(getter, outcome)
  }

  first(wrap: (value: unknown) => unknown): Blocking<unknown> {
    const outcome = this.ready.shift()
    return outcome instanceof Failure ? fail(outcome.error) : this.getters.complete(wrap(outcome))
  }

  /** A getter was ended before it could take what it was handed. */
  takeBack(value: unknown): void {
    if (value === DONE) return
    const outcome = value instanceof Step ? value.value : value
    const getter = this.getters.shift()
    if (getter === null) this.ready.unshift(outcome)
    else hand(getter, outcome)
  }
}

/** Keeps an outcome until those of all earlier jobs are there. */
export class OrderedResults extends Results {
  readonly early: Map<number, unknown> = new Map()
  expected = 0

  override deliver(job: Job, failed: boolean, value: unknown): void {
    this.early.set(job.place, failed ? new Failure(value) : value)
    for (; this.early.has(this.expected); this.expected++) {
      const outcome = this.early.get(this.expected)
      this.early.delete(this.expected)
      this.give(outcome)
    }
  }
}

class Failure {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

class Step {
  readonly done = false
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}

function hand(getter: Operation, outcome: unknown): void {
  if (outcome instanceof Failure) resumeError(getter, outcome.error)
  else resume(getter, getter.value === STEP ? new Step(outcome) : outcome)
}

function closed(): GreenhouseError {
  return new GreenhouseError('GH_CLOSED', 'The pool is closed, and all its results are taken')
}

function timedOut(getter: Operation, afterMs: number): void {
  resumeError(getter, new TimeoutError('Pool.get', afterMs))
}
