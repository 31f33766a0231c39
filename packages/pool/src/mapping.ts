// A `map` at work. Jobs that run and results that wait for the consumer are together never more than `concurrency`: a worker
// that would exceed that goes, and the consumer hires the next. So a map that is left alone leaves nothing behind.
//
//   source -> workers -> outlet
import { end, getCurrent, schedule, withTimeout } from '@greenhouse/scheduler'
import type { Blocking, Greenlet, Steps } from '@greenhouse/scheduler'
import { complete, fail, refuse } from '@greenhouse/scheduler/kernel'
import { isGeneratorFunction, type Body } from './body.ts'
import { Breather } from './breather.ts'
import { letGo, stopWith, type Charge } from './charges.ts'
import { generatorMapWorker, mapWorker } from './map-worker.ts'
import type { Mapped } from './mapped.ts'
import { Outlet } from './outlet.ts'
import { DONE, Source, type Items } from './source.ts'

type Step<T> = IteratorResult<T, undefined>

export class Mapping<I, T> implements Mapped<T>, Charge {
  readonly fn: Body
  readonly items: Items<I>
  readonly concurrency: number
  readonly outlet: Outlet<T>
  readonly breather: Breather = new Breather()
  readonly workers: Set<Greenlet> = new Set()
  source: Source<I> | null = null
  /** The greenlet that asked first, with which this stops. */
  consumer: Greenlet | null = null
  taken = 0
  over = false
  failure: { readonly error: unknown } | null = null

  constructor(fn: Body, items: Items<I>, concurrency: number, ordered: boolean) {
    this.fn = fn
    this.items = items
    this.concurrency = concurrency
    this.outlet = new Outlet(ordered)
  }

  next(): Blocking<Step<T>> {
    const refused = refuse()
    if (refused !== null) return refused
    const { outlet } = this
    if (outlet.ready.length > 0) {
      const step = outlet.take()
      this.hire()
      return step
    }
    if (this.over) return this.afterEnd(DONE)
    this.begin()
    return outlet.consumers.park(undefined, undefined, never)
  }

  toArray(): Blocking<T[]> {
    const refused = refuse()
    if (refused !== null) return refused
    if (this.over) return this.afterEnd(this.outlet.takeAll())
    this.outlet.collect()
    this.begin()
    return withTimeout(Infinity, () => this.waitForArray())
  }

  return(): Blocking<Step<T>> {
    const { source } = this
    const closing = this.over || source === null ? null : source
    this.stop()
    this.failure = null
    const closed = closing?.close() ?? null
    return refuse() ?? closed ?? complete(DONE)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.asyncDispose](): Blocking<Step<T>> {
    return this.return()
  }

  /** Takes the result of an item; false sends the worker home. */
  accept(index: number, value: T): boolean {
    this.outlet.accept(index, value)
    return this.workers.size + this.outlet.kept <= this.concurrency
  }

  /** An item, the source, or a worker has failed: the first failure is the consumer's. */
  failed(error: unknown, worker: Greenlet): void {
    if (this.over) return
    this.workers.delete(worker)
    this.end()
    this.source!.closeQuietly()
    if (!this.outlet.fail(error)) this.failure = { error }
  }

  /** Starts a worker if there is room for what it will give. */
  hire(): void {
    const { source, workers } = this
    if (this.over || source!.done || source!.pulling) return
    if (workers.size + this.outlet.kept >= this.concurrency) return
    if (workers.size === 0) stopWith(this.consumer!, this)
    const yields = source!.sync !== null && isGeneratorFunction(this.fn)
    workers.add(yields ? schedule(generatorMapWorker, this) : schedule(mapWorker, this))
  }

  /** A worker goes, whatever made it go. */
  leave(worker: Greenlet): void {
    this.workers.delete(worker)
    if (this.over || this.workers.size > 0) return
    letGo(this.consumer!, this)
    if (!this.source!.done) return
    this.over = true
    this.outlet.finish()
  }

  /** The consumer was ended: unless somebody else waits, nobody wants the rest. */
  abandon(): void {
    if (!this.outlet.awaited) this.breakOff()
  }

  begin(): void {
    if (this.source === null) {
      this.source = new Source(this.items)
      this.consumer = getCurrent()
    }
    this.hire()
  }

  /** In a scope of its own, so that whatever interrupts the wait is seen here. */
  *waitForArray(): Steps<T[]> {
    try {
      return yield* this.outlet.arrays.park<T[]>(undefined, undefined, never)
    } finally {
      // Not over: whoever wanted the array has been ended or timed out.
      if (!this.over && this.outlet.arrays.size === 0) this.breakOff()
    }
  }

  breakOff(): void {
    this.stop()
    this.source!.closeQuietly()
  }

  stop(): void {
    if (!this.over) this.end()
    this.outlet.close()
  }

  end(): void {
    this.over = true
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
}

function never(): void {}
