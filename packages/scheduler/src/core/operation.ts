// An operation: one object is the wait record, the iterator for `yield*`, the iterator's result and the thenable. A wait
// thus costs one allocation.
//
//   PENDING --settle--> DONE or FAILED --consumed--> CONSUMED
//
// It stands in up to three places: the list of the primitive it waits on, the open operations of the scope that called
// it (until it is settled; until it is *consumed* where its value must go back when nobody takes it), and as `input` of
// the greenlets parked on it. Settling leaves the first two and wakes the third.
import type { Parked, Blocking } from '../blocking.ts'
import { GreenhouseError } from '../errors.ts'
import { coarseTime } from './coarse-time.ts'
import { currentScope, running, stepping } from './context.ts'
import type { Inspectable } from './inspection.ts'
import { REGION } from './life.ts'
import { track, untrack } from './open-operations.ts'
import { handled, orphan } from './orphans.ts'
import type { Region } from './region.ts'
import { overBudget, push, type Runnable } from './run-queue.ts'
import type { Scope } from './scope.ts'
import { enteredBy, leftBy, watched } from './switches.ts'
import { received } from './thrown.ts'

export const PENDING = 0
export const DONE = 1
export const FAILED = 2
export const OUTCOME = 3
/** Somebody has got the outcome. */
export const CONSUMED = 4
/** Complete, but the first `next()` parks all the same: pause. */
export const YIELDS = 8
/** Failed with no consumer: an unhandled rejection, unless one still comes. */
const ORPHAN = 16
/** Has a timer or a signal to be given up when it is settled. */
export const ARMED = 32
/** Complete, and the greenlet that parked on it all the same has not been resumed yet. */
export const YIELDED = 64

/** What an operation waits on. */
export interface Source {
  /** What the dump calls it, "Queue.get" for example. */
  readonly kind: string
  /** Takes back a value that was handed over and that nobody consumed; null where nothing is lost. */
  readonly giveBack: ((value: never) => void) | null
  /** The primitive to which this belongs, for the dump. */
  readonly owner?: Inspectable | null
  /** Takes a pending operation off every list. */
  withdraw(operation: Operation): void
  /** Where present, an interruption goes here instead of cancelling the operation. */
  readonly interrupt?: (operation: Operation, error: unknown) => void
  /** The scope inside, when the wait is for the end of one. */
  readonly region?: Region
}

/** What can be woken by an operation; it is only while its `input` is that operation. */
export interface Woken extends Runnable {
  readonly input: Operation | null
}

export type Consumer = Woken | Woken[] | null

export class Operation<T = unknown> implements Parked {
  done: boolean
  value: unknown
  state: number
  scope: Scope
  consumer: Consumer
  source: Source
  before: Operation | null
  after: Operation | null
  /** Whole milliseconds of the clock at which it parked. */
  sinceMs: number

  constructor(scope: Scope, source: Source, state: number, value: unknown) {
    this.done = false
    this.value = value
    this.state = state
    this.scope = scope
    this.consumer = null
    this.source = source
    this.before = null
    this.after = null
    this.sinceMs = 0
  }

  get parked(): boolean {
    return (this.state & OUTCOME) === PENDING
  }

  get [Symbol.toStringTag](): string {
    return 'Blocking'
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): this {
    const runner = stepping
    const state = this.state
    if ((state & OUTCOME) === PENDING) {
      if (runner === null || runner.input === this) misused(this, runner)
      this.done = false
      runner.input = this
      if (this.consumer === null) this.consumer = runner
      else addConsumer(this, runner)
      return this
    }
    if (runner !== null) {
      if (runner.input !== this) {
        if ((state & YIELDS) !== 0 || overBudget()) {
          if ((state & ORPHAN) !== 0) handled(this)
          this.state = state | YIELDED
          this.done = false
          runner.input = this
          push(runner)
          return this
        }
      } else if ((state & YIELDED) !== 0) misused(this, runner)
      else runner.input = null
    }
    consume(this)
    if ((state & FAILED) !== 0) throw this.value
    this.done = true
    return this
  }

  throw(error: unknown): never {
    throw error
  }

  then<A = T, B = never>(
    onDone?: ((value: T) => A | PromiseLike<A>) | null,
    onFailed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return promiseOf(this).then(onDone, onFailed)
  }

  catch<B = never>(onFailed?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return promiseOf(this).catch(onFailed)
  }

  finally(onEnd?: (() => void) | null): Promise<T> {
    return promiseOf(this).finally(onEnd)
  }
}

/** An async consumer: its turn in the run queue resolves the promise, and V8 runs the continuation. */
class Waker implements Woken {
  input: Operation
  readonly scope: Scope
  resolve: (value: unknown) => void
  reject: (error: unknown) => void

  constructor(
    operation: Operation,
    scope: Scope,
    resolve: (value: unknown) => void,
    reject: (e: unknown) => void,
  ) {
    this.scope = scope
    this.input = operation
    this.resolve = resolve
    this.reject = reject
    if ((scope.bits & REGION) !== 0) (scope as Region).awaits++
  }

  run(): boolean {
    const operation = this.input
    if ((this.scope.bits & REGION) !== 0) (this.scope as Region).awaits--
    consume(operation)
    if (watched) enteredBy(this.scope)
    if ((operation.state & FAILED) !== 0) this.reject(operation.value)
    else this.resolve(operation.value)
    return true
  }
}

/** A wait for an operation of another scope, as an operation of the consumer's own: an end of the consumer reaches it. */
class Relay implements Source {
  readonly operation: Operation
  readonly waker: Waker

  constructor(operation: Operation, waker: Waker) {
    this.operation = operation
    this.waker = waker
  }

  get kind(): string {
    return this.operation.source.kind
  }

  get owner(): Inspectable | null {
    return this.operation.source.owner ?? null
  }

  get giveBack(): null {
    return null
  }

  /** An outcome that is there already is kept. */
  withdraw(relay: Operation): void {
    if (!this.operation.parked) return
    removeConsumer(this.operation, this.waker)
    this.waker.input = relay
  }
}

class RelayedWaker extends Waker {
  readonly relay: Operation

  constructor(
    operation: Operation,
    scope: Scope,
    resolve: (value: unknown) => void,
    reject: (e: unknown) => void,
  ) {
    super(operation, scope, resolve, reject)
    this.relay = new Operation(scope, new Relay(operation, this), PENDING, undefined)
    this.relay.sinceMs = coarseTime()
    this.relay.consumer = this
    track(this.relay)
  }

  override run(): boolean {
    untrack(this.relay)
    return super.run()
  }
}

/** Gives a pending operation its outcome and wakes its consumers. */
export function settle(
  operation: Operation,
  outcome: typeof DONE | typeof FAILED,
  value: unknown,
): void {
  if ((operation.state & ARMED) !== 0) (operation as Operation & { disarm(): void }).disarm()
  operation.state = outcome
  operation.value = value
  if (outcome === FAILED || operation.source.giveBack === null) untrack(operation)
  if (operation.consumer !== null) wakeConsumers(operation)
  else if (outcome === FAILED) abandon(operation, value)
}

/** Fails an operation on behalf of its scope: silent when nobody consumes it. What it holds goes back. */
export function cancel(operation: Operation, error: unknown): void {
  if ((operation.state & OUTCOME) === PENDING) {
    operation.source.withdraw(operation)
    if ((operation.state & ARMED) !== 0) (operation as Operation & { disarm(): void }).disarm()
    operation.state = FAILED
    operation.value = error
    untrack(operation)
    if (operation.consumer !== null) wakeConsumers(operation)
  } else if ((operation.state & (CONSUMED | FAILED)) === 0) {
    const { value } = operation
    operation.state = FAILED
    operation.value = error
    untrack(operation)
    operation.source.giveBack?.(value as never)
  }
}

/** Gives an operation up whose scope has finished. A wait for what is another scope's goes on; a region hears of it. */
export function release(operation: Operation, error: unknown): void {
  if (operation.source instanceof Relay) return untrack(operation)
  const region = operation.parked ? operation.source.region : undefined
  cancel(operation, error)
  region?.orphaned(error)
}

export function removeConsumer(operation: Operation, runner: Woken): void {
  if (operation.consumer === runner) operation.consumer = null
  else if (Array.isArray(operation.consumer)) {
    const others = operation.consumer.filter((other) => other !== runner)
    operation.consumer = others.length === 0 ? null : others
  }
}

/** An operation that has failed before it began. `silent` where its scope was interrupted: nobody need consume it. */
export function failedOperation(scope: Scope, error: unknown, silent: boolean): Operation<never> {
  const operation = new Operation<never>(scope, NOTHING, FAILED, error)
  if (!silent) abandon(operation, error)
  return operation
}

/** What a complete or failed operation waits on. */
export const NOTHING: Source = { kind: 'nothing', giveBack: null, withdraw() {} }

export function blocking<T>(operation: Operation<T>): Blocking<T> {
  return operation as unknown as Blocking<T>
}

export function consume(operation: Operation): void {
  const state = operation.state
  if ((state & CONSUMED) !== 0) return
  operation.state = state | CONSUMED
  if ((state & FAILED) !== 0) {
    if ((state & ORPHAN) !== 0) handled(operation)
    received(operation.scope, operation.value)
  } else if (operation.source.giveBack !== null) untrack(operation)
}

function abandon(operation: Operation, error: unknown): void {
  operation.state |= ORPHAN
  orphan(operation, error)
}

function wakeConsumers(operation: Operation): void {
  const consumer = operation.consumer
  operation.consumer = null
  if (Array.isArray(consumer)) for (const one of consumer) wake(operation, one)
  else wake(operation, consumer!)
}

function wake(operation: Operation, consumer: Woken): void {
  // A greenlet that has meanwhile parked on something else is not woken.
  if (consumer.input === operation) push(consumer)
}

export function addConsumer(operation: Operation, consumer: Woken): void {
  const others = operation.consumer
  if (others === null) operation.consumer = consumer
  else if (Array.isArray(others)) others.push(consumer)
  else operation.consumer = [others, consumer]
}

const VOID = Promise.resolve(undefined)
const TRUE = Promise.resolve(true)
let resolveLast: (value: unknown) => void
let rejectLast: (error: unknown) => void
const keepResolvers = (resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
  resolveLast = resolve
  rejectLast = reject
}

function promiseOf<T>(operation: Operation<T>): Promise<T> {
  const state = operation.state
  if ((state & OUTCOME) !== PENDING && (state & YIELDS) === 0 && !overBudget()) {
    consume(operation)
    if ((state & FAILED) !== 0) return Promise.reject(operation.value)
    const value = operation.value
    if (value === undefined) return VOID as Promise<T>
    return value === true ? (TRUE as Promise<T>) : Promise.resolve(value as T)
  }
  const scope = currentScope()
  if (watched && running === null) leftBy(scope)
  const promise = new Promise<unknown>(keepResolvers)
  if ((state & OUTCOME) === PENDING) {
    const Kind = scope === operation.scope ? Waker : RelayedWaker
    const waker = new Kind(operation as Operation, scope, resolveLast, rejectLast)
    addConsumer(operation as Operation, waker)
  } else {
    if ((state & ORPHAN) !== 0) handled(operation)
    push(new Waker(operation as Operation, scope, resolveLast, rejectLast))
  }
  return promise as Promise<T>
}

function misused(operation: Operation, runner: Scope | null): never {
  if (runner !== null) {
    removeConsumer(operation, runner)
    runner.input = null
  }
  throw new GreenhouseError(
    'GH_INVALID_STATE',
    runner === null
      ? 'A Blocking was iterated outside a generator greenlet: use `await` here'
      : 'A Blocking was iterated again while parked (spread?): wait for it with `yield*`',
  )
}

export function isOperation(value: unknown): value is Operation {
  return value instanceof Operation
}
