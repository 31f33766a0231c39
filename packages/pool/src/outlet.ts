// The results of a `map`, from the workers to the consumers.
//
//   early (ordered: until its turn) -> ready -> consumers
//   array (`toArray`: nothing has to wait for its turn)
import { GreenhouseError, type Blocking } from '@greenhouse/scheduler'
import { resumeError, WaitList } from '@greenhouse/scheduler/kernel'
import { Deque } from './deque.ts'
import { DONE } from './source.ts'

type Step<T> = IteratorResult<T, undefined>

export class Outlet<T> {
  readonly ordered: boolean
  readonly early: Map<number, T> = new Map()
  readonly ready: Deque<T> = new Deque()
  readonly consumers: WaitList<Step<T>> = new WaitList('map', (step) => this.takeBack(step))
  readonly arrays: WaitList<T[]> = new WaitList('map.toArray')
  array: T[] | null = null
  /** The index of the item whose result goes into the first place of the array. */
  base = 0
  /** The index of the item whose result is next in order. */
  expected = 0

  constructor(ordered: boolean) {
    this.ordered = ordered
  }

  /** Results that nobody has taken yet, and that are not in an array. */
  get kept(): number {
    return this.ready.length + this.early.size
  }

  get awaited(): boolean {
    return this.consumers.size > 0 || this.arrays.size > 0
  }

  accept(index: number, value: T): void {
    if (this.array !== null) {
      if (this.ordered) this.array[index - this.base] = value
      else this.array.push(value)
    } else if (!this.ordered) this.give(value)
    else if (index !== this.expected) this.early.set(index, value)
    else {
      this.give(value)
      this.expected++
      while (this.early.size > 0 && this.early.has(this.expected)) {
        this.give(this.early.get(this.expected)!)
        this.early.delete(this.expected++)
      }
    }
  }

  /** The first result, of which there is one. */
  take(): Blocking<Step<T>> {
    return this.consumers.complete({ done: false, value: this.ready.shift() })
  }

  takeAll(): T[] {
    const all: T[] = []
    while (this.ready.length > 0) all.push(this.ready.shift())
    return all
  }

  /** From now on everything goes into an array, after what is there. */
  collect(): void {
    if (this.array !== null) return
    this.base = this.expected - this.ready.length
    this.array = this.takeAll()
    for (const [index, value] of this.early) this.array[index - this.base] = value
    this.early.clear()
  }

  /** All results are there. */
  finish(): void {
    if (this.array !== null) this.arrays.wakeAll(this.array)
    this.consumers.wakeAll(DONE)
  }

  /** Tells who waits of a failure: whoever wants an array, else one consumer. False when nobody waits. */
  fail(error: unknown): boolean {
    this.early.clear()
    const consumer = this.arrays.size > 0 ? null : this.consumers.shift()
    if (consumer !== null) resumeError(consumer, error)
    const told = consumer !== null || this.array !== null
    this.arrays.failAll(() => error)
    this.consumers.wakeAll(DONE)
    return told
  }

  /** Nobody wants the results any more. */
  close(): void {
    this.early.clear()
    this.ready.clear()
    this.consumers.wakeAll(DONE)
    this.arrays.failAll(() => new GreenhouseError('GH_CLOSED', 'The map was closed before its end'))
  }

  give(value: T): void {
    if (!this.consumers.wake({ done: false, value })) this.ready.push(value)
  }

  /** A consumer was ended before it could take what it was handed. */
  takeBack(step: Step<T>): void {
    if (step.done !== true && !this.consumers.wake(step)) this.ready.unshift(step.value)
  }
}
