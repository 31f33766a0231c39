// A double-ended queue: a ring buffer that grows, so that both ends cost O(1).
//
//   ring   [ . . a b c . . . ]      from head on, `length` items
//                ^head

export class Deque<T> {
  length = 0
  ring: (T | undefined)[] = new Array(8)
  head = 0

  push(item: T): void {
    if (this.length === this.ring.length) this.grow()
    this.ring[(this.head + this.length++) & (this.ring.length - 1)] = item
  }

  /** Puts an item back, first in line. */
  unshift(item: T): void {
    if (this.length === this.ring.length) this.grow()
    this.head = (this.head - 1) & (this.ring.length - 1)
    this.ring[this.head] = item
    this.length++
  }

  /** Takes the first item; the length must have been looked at. */
  shift(): T {
    const item = this.ring[this.head] as T
    this.ring[this.head] = undefined
    this.head = (this.head + 1) & (this.ring.length - 1)
    this.length--
    return item
  }

  clear(): void {
    this.ring = new Array(8)
    this.head = this.length = 0
  }

  grow(): void {
    const { ring, head, length } = this
    const larger: (T | undefined)[] = new Array(length * 2)
    for (let i = 0; i < length; i++) larger[i] = ring[(head + i) & (length - 1)]
    this.ring = larger
    this.head = 0
  }
}
