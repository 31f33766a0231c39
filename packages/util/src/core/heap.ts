// The store of a priority queue: a binary heap. Equal items go out in the order in which they came, so each has a number
// beside it; one that comes back gets a number below all others. A `compare` that throws loses no item.
//
//   items   [ least | . | . | . … ]      children of i are 2i + 1 and 2i + 2
//   order   [   7   | . | . | . … ]
import type { Store } from './store.ts'

/** Negative when `a` goes out before `b`, positive when after, 0 when they are equal. */
export type Compare<T> = (a: T, b: T) => number

export class Heap<T> implements Store<T> {
  readonly items: T[] = []
  readonly order: number[] = []
  readonly compare: Compare<T>
  arrivals = 0
  returns = 0

  constructor(compare: Compare<T>) {
    this.compare = compare
  }

  get size(): number {
    return this.items.length
  }

  push(item: T): void {
    this.insert(item, ++this.arrivals)
  }

  unshift(item: T): void {
    this.insert(item, --this.returns)
  }

  shift(): T {
    const { items, order } = this
    const least = items[0] as T
    const number = order[0]!
    const item = items.pop() as T
    const itsNumber = order.pop()!
    if (items.length === 0) return least
    try {
      this.sink(item, itsNumber)
    } catch (error) {
      this.items.push(least)
      this.order.push(number)
      throw error
    }
    return least
  }

  insert(item: T, number: number): void {
    const { items, order } = this
    let to = items.length
    for (let parent: number; to > 0; to = parent) {
      parent = (to - 1) >> 1
      if (!this.before(item, number, parent)) break
    }
    let hole = items.length
    items.push(item)
    order.push(number)
    for (; hole > to; hole = (hole - 1) >> 1) this.move((hole - 1) >> 1, hole)
    items[to] = item
    order[to] = number
  }

  sink(item: T, number: number): void {
    const { items, order } = this
    let hole = 0
    try {
      for (;;) {
        let child = 2 * hole + 1
        if (child >= items.length) break
        const right = child + 1
        if (right < items.length && this.before(items[right] as T, order[right]!, child)) child++
        if (this.before(item, number, child)) break
        this.move(child, hole)
        hole = child
      }
    } finally {
      items[hole] = item
      order[hole] = number
    }
  }

  /** Whether an item goes out before the one at an index. */
  before(item: T, number: number, at: number): boolean {
    const difference = this.compare(item, this.items[at] as T)
    return difference < 0 || (difference === 0 && number < this.order[at]!)
  }

  move(from: number, to: number): void {
    this.items[to] = this.items[from] as T
    this.order[to] = this.order[from]!
  }
}
