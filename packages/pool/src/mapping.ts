// A `map` at work. Jobs that run and results that wait for the consumer are together never more than `concurrency`: a worker
// that would exceed that goes, and the consumer hires the next. So a map that is left alone leaves nothing behind.
//
//   source -> workers -> early (ordered: until its turn) -> ready -> consumers
//                     -> array (`toArray`: no need to hold back)
import { end, getCurrent, GreenhouseError, schedule } from '@greenhouse/scheduler'
import type { Blocking, Greenlet } from '@greenhouse/scheduler'
import { complete, fail, refuse, resumeError, WaitList } from '@greenhouse/scheduler/kernel'
import { isGeneratorFunction, type Body } from './body.ts'
import { Breather } from './breather.ts'
import { letGo, stopWith, type Charge } from './charges.ts'
import { Deque } from './deque.ts'
import { generatorMapWorker, mapWorker } from './map-worker.ts'
import type { Mapped } from './mapped.ts'
import { DONE, Source, type Items } from './source.ts'

type Step<T> = IteratorResult<T, undefined>

export class Mapping<I, T> implements Mapped<T>, Charge {
  readonly fn: Body
  readonly items: Items<I>
  readonly concurrency: number
  readonly ordered: boolean
  readonly breather: Breather = new Breather()
  readonly workers: Set<Greenlet> = new Set()
  readonly ready: Deque<T> = new Deque()
  readonly early: Map<number, T> = new Map()
  readonly consumers: WaitList<Step<T>> = new WaitList('map', (step) => this.takeBack(step))
  readonly arrays: WaitList<T[]> = new WaitList('map.toArray')
  source: Source<I> | null = null
  /** The greenlet that asked first, with which this stops. */
  consumer: Greenlet | null = null
  array: T[] | null = null
  /** The index of the item that goes into the first place of the array. */
  base = 0
  taken = 0
  /** The index of the result that is next in order. */
  expected = 0
  over = false
  failure: { readonly error: unknown } | null = null

  constructor(fn: Body, items: Items<I>, concurrency: number, ordered: boolean) {
    this.fn = fn
    this.items = items
    this.concurrency = concurrency
    this.ordered = ordered
  }

  next(): Blocking<Step<T>> {
    const refused = refuse()
    if (refused !== null) return refused
    if (this.ready.length > 0) {
      const step = { done: false as const, value: this.ready.shift() }
      this.hire()
      return this.consumers.complete(step)
    }
    if (this.over) return this.afterEnd(DONE)
    this.begin()
    return this.consumers.park(undefined, undefined, never)
  }

  toArray(): Blocking<T[]> {
    const refused = refuse()
    if (refused !== null) return refused
    if (this.over) return this.afterEnd(this.drainReady())
    if (this.array === null) {
      this.base = this.expected - this.ready.length
      this.array = this.drainReady()
      for (const [index, value] of this.early) this.array[index - this.base] = value
      this.early.clear()
    }
    this.begin()
    return this.arrays.park(undefined, undefined, never)
  }

  return(): Blocking<Step<T>> {
    const { source } = this
    this.ready.clear()
    this.failure = null
    const begun = !this.over && source !== null
    this.stop()
    const closing = begun ? source.close() : null
    return refuse() ?? closing ?? complete(DONE)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.asyncDispose](): Blocking<Step<T>> {
    return this.return()
  }

  /** Takes the result of an item; false sends the worker home. */
  accept(index: number, value: T): boolean {
    if (this.array !== null) return this.collect(index, value)
    if (!this.ordered) this.give(value)
    else if (index !== this.expected) this.early.set(index, value)
    else {
      this.give(value)
      this.expected++
      while (this.early.size > 0 && this.early.has(this.expected)) {
        this.give(this.early.get(this.expected)!)
        this.early.delete(this.expected++)
      }
    }
    return this.workers.size + this.ready.length + this.early.size <= this.concurrency
  }

  /** An item, the source, or a worker has failed: the first failure is the consumer's. */
  failed(error: unknown, worker: Greenlet): void {
    if (this.over) return
    this.workers.delete(worker)
    this.end()
    this.source!.closeQuietly()
    const consumer = this.arrays.size > 0 ? null : this.consumers.shift()
    if (consumer !== null) resumeError(consumer, error)
    else if (this.array === null) this.failure = { error }
    this.arrays.failAll(() => error)
    this.consumers.wakeAll(DONE)
  }

  /** Starts a worker if there is room for what it will give. */
  hire(): void {
    const { source, workers } = this
    if (this.over || source!.done || source!.pulling) return
    if (workers.size + this.ready.length + this.early.size >= this.concurrency) return
    if (workers.size === 0) stopWith(this.consumer!, this)
    const yields = source!.sync !== null && isGeneratorFunction(this.fn)
    workers.add(yields ? schedule(generatorMapWorker, this) : schedule(mapWorker, this))
  }

  leave(worker: Greenlet): void {
    this.workers.delete(worker)
    if (this.over || this.workers.size > 0) return
    letGo(this.consumer!, this)
    if (!this.source!.done) return
    this.over = true
    if (this.array !== null) this.arrays.wakeAll(this.array)
    this.consumers.wakeAll(DONE)
  }

  /** The consumer was ended: unless somebody else waits, nobody wants the rest. */
  abandon(): void {
    if (this.consumers.size === 0 && this.arrays.size === 0) this.breakOff()
  }

  begin(): void {
    if (this.source === null) {
      this.source = new Source(this.items)
      this.consumer = getCurrent()
    }
    this.hire()
  }

  give(value: T): void {
    if (!this.consumers.wake({ done: false, value })) this.ready.push(value)
  }

  collect(index: number, value: T): boolean {
    if (this.ordered) this.array![index - this.base] = value
    else this.array!.push(value)
    // Whoever asked for the array has been ended or timed out.
    if (this.arrays.size === 0) this.breakOff()
    return !this.over
  }

  breakOff(): void {
    this.stop()
    this.source!.closeQuietly()
  }

  stop(): void {
    if (this.over) return
    this.end()
    this.ready.clear()
    this.consumers.wakeAll(DONE)
    this.arrays.failAll(() => new GreenhouseError('GH_CLOSED', 'The map was closed before its end'))
  }

  end(): void {
    this.over = true
    this.early.clear()
    if (this.consumer !== null) letGo(this.consumer, this)
    for (const worker of this.workers) end(worker)
    this.workers.clear()
  }

  afterEnd<R>(value: R): Blocking<R> {
    if (this.failure === null) return complete(value)
    const { error } = this.failure
    this.failure = null
    return fail(error)
  }

  drainReady(): T[] {
    const all: T[] = []
    while (this.ready.length > 0) all.push(this.ready.shift())
    return all
  }

  /** A consumer was ended before it could take what it was handed. */
  takeBack(step: Step<T>): void {
    if (step.done !== true && !this.consumers.wake(step)) this.ready.unshift(step.value)
  }
}

function never(): void {}
