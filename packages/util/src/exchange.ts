// The face that queues and channels share.
import { GreenhouseError, type Blocking, type WaitOptions } from '@greenhouse/scheduler'
import {
  checkCount,
  complete,
  fail,
  refuse,
  resumeError,
  WaitList,
  type Operation,
} from '@greenhouse/scheduler/kernel'
import { closeLine, hasItem, offerItem, takeBack, takeItem } from './core/line.ts'
import { nameOf, titleOf, type NameOptions } from './core/named.ts'
import type { Source } from '@greenhouse/scheduler/kernel'
import type { Store } from './core/store.ts'
import { Batch, BatchGiver, ManyTaker, NextTaker } from './core/takers.ts'

/** How things stand with a queue or channel. */
export interface ExchangeStatistics {
  readonly size: number
  readonly maxSize: number
  /** How many wait for an item. */
  readonly getters: number
  /** How many wait for room. */
  readonly putters: number
  readonly closed: boolean
}

/**
 * What `Queue`, `LifoQueue`, `PriorityQueue` and `Channel` have in common.
 *
 * An item that was handed to a getter whose wait ended before it could take it goes back, first in line.
 */
export abstract class Exchange<T> {
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** How many items fit; Infinity when there is no limit. */
  readonly maxSize: number
  /** @internal */
  readonly store: Store<T>
  /** @internal */
  readonly getters: WaitList<T>
  /** @internal */
  readonly putters: WaitList<void>
  /** @internal */
  batch: Operation | null = null
  /** @internal */
  accepted = 0
  /** @internal */
  manyTaker: ManyTaker<T> | null = null
  /** @internal */
  nextTaker: NextTaker<T> | null = null
  /** @internal */
  batchGiver: BatchGiver<T> | null = null
  /** @internal */
  shut = false

  constructor(maxSize: number, options: NameOptions | undefined) {
    const { kind } = this
    this.maxSize = maxSize
    this.name = nameOf(kind, this, options)
    this.store = this.makeStore(options)
    this.getters = new WaitList<T>(`${kind}.get`, (item) => takeBack(this, item), this)
    this.putters = new WaitList<void>(`${kind}.put`, null, this)
  }

  /** How many items are in. */
  get size(): number {
    return this.store.size
  }

  /** Whether no item is in. */
  get empty(): boolean {
    return this.store.size === 0
  }

  /** Whether there is no room for another item. */
  get full(): boolean {
    return this.store.size >= this.maxSize
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.shut
  }

  /**
   * Waits for an item and takes it.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns the item.
   * @throws {GH_EMPTY} when the time was up; {GH_CLOSED} when it is closed and empty; the signal's reason.
   */
  get(options?: WaitOptions): Blocking<T> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (hasItem(this)) return this.getters.complete(takeItem(this))
    return this.shut ? fail(closedError(this)) : this.getters.park(undefined, options, stayedEmpty)
  }

  /**
   * Waits for room and puts an item in.
   *
   * Ended, timed out or aborted meanwhile, the item is not in.
   *
   * @param item - Anything, `undefined` included.
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws {GH_FULL} when the time was up; {GH_CLOSED} when it is or gets closed; the signal's reason.
   */
  put(item: T, options?: WaitOptions): Blocking<void> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.shut) return fail(closedError(this))
    return offerItem(this, item)
      ? complete(undefined)
      : this.putters.park(item, options, stayedFull)
  }

  /**
   * Takes an item if there is one; never waits.
   *
   * @param whenEmpty - What to give when there is none, `undefined` by default: pass a mark of your own where items may be
   *   `undefined`.
   * @returns the item, or `whenEmpty`.
   * @example
   * ```ts
   * import { Queue } from '@greenhouse/util'
   *
   * const queue = new Queue<number>()
   * console.log(queue.tryGet()) // => undefined
   * console.log(queue.tryGet('nothing')) // => nothing
   * ```
   */
  tryGet(): T | undefined
  tryGet<E>(whenEmpty: E): T | E
  tryGet(whenEmpty?: unknown): unknown {
    return hasItem(this) ? takeItem(this) : whenEmpty
  }

  /**
   * Puts an item in if there is room; never waits.
   *
   * @returns whether it is in.
   * @throws {GH_CLOSED} when it is closed.
   */
  tryPut(item: T): boolean {
    if (this.shut) throw closedError(this)
    return offerItem(this, item)
  }

  /**
   * Waits for an item, and takes it with all others that are in.
   *
   * @param max - How many to take at most, at least 1; Infinity by default.
   * @param options - `timeoutMs`, `signal`.
   * @returns an array of 1 to `max` items.
   * @throws {GH_EMPTY} when the time was up; {GH_CLOSED} when it is closed and empty; the signal's reason.
   */
  getMany(max: number = Infinity, options?: WaitOptions): Blocking<T[]> {
    checkCount('max', max, 1)
    const refused = refuse(options)
    if (refused !== null) return refused
    const items: T[] = []
    while (items.length < max && hasItem(this)) items.push(takeItem(this))
    const taker = (this.manyTaker ??= new ManyTaker<T>(`${this.kind}.getMany`, this))
    if (items.length > 0) return waitingOn(taker, this.getters.complete(items as T))
    if (this.shut) return fail(closedError(this))
    return waitingOn(taker, this.getters.park(undefined, options, stayedEmpty))
  }

  /**
   * Puts several items in, in order, waiting for room where needed; other putters wait until all are in.
   *
   * Ended, timed out or aborted meanwhile, those that are in stay in.
   *
   * @param items - Any iterable; it is read at once.
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing.
   * @throws {GH_FULL} when the time was up; {GH_CLOSED} when it is or gets closed; each with `putCount`, how many are in; the
   *   signal's reason.
   */
  putMany(items: Iterable<T>, options?: WaitOptions): Blocking<void> {
    const batch = new Batch([...items])
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.shut) return fail(batch.failed(closedError(this)))
    while (!batch.done && offerItem(this, batch.item)) batch.putCount++
    if (batch.done) return complete(undefined)
    const giver = (this.batchGiver ??= new BatchGiver<T>(`${this.kind}.putMany`, this))
    return waitingOn(giver, this.putters.park(batch, options, batchStayedOut))
  }

  /**
   * Waits for the next item as iteration does: the step of a loop in a generator greenlet. Async code has `for await`.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns `{ done: false, value: item }`, or `{ done: true }` when it is closed and empty.
   * @throws {GH_EMPTY} when the time was up; the signal's reason.
   * @example
   * ```ts
   * import { schedule } from '@greenhouse/scheduler'
   * import { Queue } from '@greenhouse/util'
   *
   * const queue = new Queue<number>()
   * await queue.putMany([1, 2])
   * queue.close()
   * schedule(function* () {
   *   for (let next; !(next = yield* queue.next()).done; ) console.log(next.value)
   * })
   * // => 1
   * // => 2
   * ```
   */
  next(options?: WaitOptions): Blocking<IteratorResult<T, undefined>> {
    const refused = refuse(options)
    if (refused !== null) return refused
    const taker = (this.nextTaker ??= new NextTaker<T>(`${this.kind}.next`, this))
    if (hasItem(this)) {
      const result = { done: false, value: takeItem(this) }
      return waitingOn(taker, this.getters.complete(result as T))
    }
    if (this.shut) return complete({ done: true, value: undefined })
    return waitingOn(taker, this.getters.park(undefined, options, stayedEmpty))
  }

  /** Gets items until it is closed and empty. Leaving the loop takes no item with it. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return { next: () => this.next(), [Symbol.asyncIterator]: () => this[Symbol.asyncIterator]() }
  }

  /**
   * Says that nothing more will come. Getters get what is left, then `GH_CLOSED`; putters that wait, and all later ones,
   * get `GH_CLOSED`. A second call does nothing.
   */
  close(): void {
    this.shut = true
    closeLine(this, () => closedError(this))
  }

  /** How things stand. */
  statistics(): ExchangeStatistics {
    return {
      size: this.store.size,
      maxSize: this.maxSize,
      getters: this.getters.size,
      putters: this.putters.size + (this.batch === null ? 0 : 1),
      closed: this.shut,
    }
  }

  /** @internal */
  get kind(): string {
    return 'Exchange'
  }

  /** @internal */
  abstract makeStore(options: NameOptions | undefined): Store<T>
}

function closedError(exchange: {
  readonly kind: string
  readonly name: string | undefined
}): GreenhouseError {
  return new GreenhouseError('GH_CLOSED', `The ${titleOf(exchange.kind, exchange.name)} is closed`)
}

function stayedEmpty(operation: Operation, afterMs: number): void {
  resumeError(operation, new GreenhouseError('GH_EMPTY', `No item came within ${afterMs} ms`))
}

function batchStayedOut(operation: Operation, afterMs: number): void {
  const error = new GreenhouseError('GH_FULL', `Not all items found room within ${afterMs} ms`)
  resumeError(operation, (operation.value as Batch<unknown>).failed(error))
}

/** Marks an operation as one that stands in the list for something other than one plain item. */
function waitingOn<V>(source: Source, blocking: Blocking<unknown>): Blocking<V> {
  const operation = blocking as unknown as Operation
  operation.source = source
  return blocking as Blocking<V>
}

function stayedFull(operation: Operation, afterMs: number): void {
  resumeError(operation, new GreenhouseError('GH_FULL', `No room came within ${afterMs} ms`))
}
