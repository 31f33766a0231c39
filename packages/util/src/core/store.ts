// How a queue keeps its items: in a ring (first in, first out) or on a stack (last in, first out).

/** Where a queue keeps its items. */
export interface Store<T> {
  readonly size: number
  push(item: T): void
  /** Takes out the item whose turn it is; the store must not be empty. */
  shift(): T
  /** Takes back an item whose turn it was: it is the next to go out again. */
  unshift(item: T): void
}

const SMALLEST = 8
/** A ring larger than this is given up once it is empty, so that a burst does not hold its memory for ever. */
const LARGEST_KEPT = 1024

/**
 * A double-ended queue in a ring whose length is a power of two.
 *
 *   [ d e . . . a b c ]      items run from head, `size` of them, round the end
 *               ^head
 */
export class Ring<T> implements Store<T> {
  size = 0
  slots: (T | undefined)[] = new Array<T | undefined>(SMALLEST)
  head = 0

  push(item: T): void {
    if (this.size === this.slots.length) this.grow()
    this.slots[(this.head + this.size++) & (this.slots.length - 1)] = item
  }

  unshift(item: T): void {
    if (this.size === this.slots.length) this.grow()
    this.head = (this.head - 1) & (this.slots.length - 1)
    this.slots[this.head] = item
    this.size++
  }

  shift(): T {
    const { slots, head } = this
    const item = slots[head] as T
    slots[head] = undefined
    this.head = (head + 1) & (slots.length - 1)
    if (--this.size === 0 && slots.length > LARGEST_KEPT) {
      this.slots = new Array<T | undefined>(SMALLEST)
      this.head = 0
    }
    return item
  }

  grow(): void {
    const { slots, head } = this
    const larger = new Array<T | undefined>(slots.length * 2)
    for (let i = 0; i < slots.length; i++) larger[i] = slots[(head + i) & (slots.length - 1)]
    this.slots = larger
    this.head = 0
  }
}

/** A stack: its end is the front of the line. */
export class Stack<T> implements Store<T> {
  readonly items: T[] = []

  get size(): number {
    return this.items.length
  }

  push(item: T): void {
    this.items.push(item)
  }

  unshift(item: T): void {
    this.items.push(item)
  }

  shift(): T {
    return this.items.pop() as T
  }
}
