// A ring buffer, as the hand-written contenders use it.
export class Ring {
  slots = new Array(16)
  mask = 15
  head = 0
  tail = 0

  get size() {
    return (this.tail - this.head) & this.mask
  }

  push(item) {
    this.slots[this.tail] = item
    this.tail = (this.tail + 1) & this.mask
    if (this.tail === this.head) this.grow()
  }

  /** The oldest item, undefined when there is none. */
  shift() {
    if (this.head === this.tail) return undefined
    const item = this.slots[this.head]
    this.slots[this.head] = undefined
    this.head = (this.head + 1) & this.mask
    return item
  }

  grow() {
    const { slots, head } = this
    const size = slots.length
    const larger = new Array(size * 2)
    for (let i = 0; i < size; i++) larger[i] = slots[(head + i) & (size - 1)]
    this.slots = larger
    this.mask = size * 2 - 1
    this.head = 0
    this.tail = size
  }
}
