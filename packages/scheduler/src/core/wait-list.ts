// Who waits for a thing, in order of arrival: an intrusive list, so that leaving it is O(1) wherever one stands. The thing
// is handed to the first waiter, never put up for grabs.
//
//   first -> op <-> op <-> op <- last
import type { Blocking, WaitOptions } from '../blocking.ts'
import { coarseTime } from './coarse-time.ts'
import { currentScope, isMain, mainScope } from './context.ts'
import { brandAs, isOwn } from './identity.ts'
import type { Inspectable } from './inspection.ts'
import { track } from './open-operations.ts'
import { blocking, DONE, FAILED, NOTHING, Operation, settle, type Source } from './operation.ts'
import { pendingOperation, type Expire } from './timed.ts'

/**
 * A FIFO list of waiting operations: what every primitive of greenhouse is made of.
 *
 * @param kind - What the dump calls a wait here: "Lock.acquire".
 * @param giveBack - Takes back a value that was handed to a waiter whose scope ended before it could take it; null where
 *   handing over costs nothing.
 * @param owner - The primitive, as the dump shows it.
 */
export class WaitList<T = unknown> implements Source {
  readonly kind: string
  readonly giveBack: ((value: T) => void) | null
  readonly owner: Inspectable | null
  /** How many wait. */
  size: number
  /** Who has waited longest; null when nobody waits. */
  first: Operation | null
  /** @internal */
  last: Operation | null

  constructor(
    kind: string,
    giveBack: ((value: T) => void) | null = null,
    owner: Inspectable | null = null,
  ) {
    this.owner = owner
    this.kind = kind
    this.giveBack = giveBack
    this.size = 0
    this.first = null
    this.last = null
  }

  /** Makes the current greenlet wait here; `item` can be read by who takes the waiter out with `shift`. */
  park<R = T>(item: unknown, options: WaitOptions | undefined, expire: Expire): Blocking<R> {
    const scope = currentScope()
    const operation = pendingOperation(scope, this, item, options, expire)
    operation.sinceMs = coarseTime()
    this.append(operation)
    track(operation)
    if (options !== undefined && options.timeoutMs === 0)
      (operation as Operation & { fire(): void }).fire()
    return blocking(operation) as unknown as Blocking<R>
  }

  /** An operation that is complete at once, with a value that goes back when nobody consumes it. */
  complete(value: T): Blocking<T> {
    if (this.giveBack === null) return complete(value)
    const scope = currentScope()
    const operation = new Operation<T>(scope, this, DONE, value)
    if (!isMain(scope)) track(operation as Operation)
    return blocking(operation)
  }

  /** Hands a value to the first waiter; false when nobody waits. */
  wake(value: T): boolean {
    const operation = this.shift()
    if (operation === null) return false
    settle(operation, DONE, value)
    return true
  }

  /** Hands a value to all that wait now. */
  wakeAll(value: T): void {
    for (let left = this.size; left > 0; left--) this.wake(value)
  }

  /** Fails all that wait now. */
  failAll(makeError: () => unknown): void {
    for (let left = this.size; left > 0; left--) settle(this.shift()!, FAILED, makeError())
  }

  /** Takes the first waiter out; it must be given an outcome with `resume` or `resumeError`. */
  shift(): Operation | null {
    const operation = this.first
    if (operation !== null) this.withdraw(operation)
    return operation
  }

  /** Takes a waiter out, wherever it stands. */
  withdraw(operation: Operation): void {
    if (operation.before === null) this.first = operation.after
    else operation.before.after = operation.after
    if (operation.after === null) this.last = operation.before
    else operation.after.before = operation.before
    operation.before = operation.after = null
    this.size--
  }

  /** @internal */
  append(operation: Operation): void {
    operation.before = this.last
    if (this.last === null) this.first = operation
    else this.last.after = operation
    this.last = operation
    this.size++
  }
}

brandAs('list of waiters', WaitList.prototype)

/**
 * Whether a value is a list of waiters.
 *
 * @throws {GH_VERSION} for one of another kernel: of another vm context, or of another major of the kernel.
 */
export function isWaitList(value: unknown): value is WaitList {
  return isOwn('list of waiters', value)
}

/** An operation that is complete at once. */
export function complete<T>(value: T): Blocking<T> {
  if (value === undefined)
    return (completeVoid ??= blocking(
      new Operation(mainScope(), NOTHING, DONE, undefined),
    )) as Blocking<T>
  return blocking(new Operation<T>(currentScope(), NOTHING, DONE, value))
}

let completeVoid: Blocking<undefined> | undefined

/** Gives a waiter that was taken out its value. */
export function resume(operation: Operation, value: unknown): void {
  settle(operation, DONE, value)
}

/** Gives a waiter that was taken out an error. */
export function resumeError(operation: Operation, error: unknown): void {
  settle(operation, FAILED, error)
}

/** For waits whose time-out is an answer: gives `false`. */
export function giveFalse(operation: Operation): void {
  settle(operation, DONE, false)
}
