// Iteration whose steps may be suspended: for-of, spread.
import { call } from './call.ts'
import {
  Frame,
  isObject,
  link,
  SUSPEND,
  follow,
  type Callable,
  type Stepper,
} from './convention.ts'

const arrayIterator = Array.prototype[Symbol.iterator]
const arrayIteratorPrototype = Object.getPrototypeOf([][Symbol.iterator]()) as { next: Callable }
const arrayNext = arrayIteratorPrototype.next

/** What a loop steps through. `open` says that a jump out of the body must close the iterator. */
export interface Handle {
  open: boolean
  value: unknown
  /** Whether there is another value; or SUSPEND. */
  step(): unknown
  /** The body has thrown. */
  failed(): void
  close(): unknown
}

export function iterate(iterable: unknown): unknown {
  if (isPlainArray(iterable)) return new ArrayHandle(iterable)
  return follow(begin(iterable), (iterator: Stepper) => new IteratorHandle(iterator))
}

/** An array that is iterated as the language has it. */
export function isPlainArray(value: unknown): value is unknown[] {
  return (
    Array.isArray(value) &&
    value[Symbol.iterator] === arrayIterator &&
    arrayIteratorPrototype.next === arrayNext
  )
}

/** The iterator of an iterable; or SUSPEND. */
export function begin(iterable: unknown): unknown {
  const method: unknown = (iterable as Iterable<unknown>)[Symbol.iterator]
  if (typeof method !== 'function') throw new TypeError(`${nameOf(iterable)} is not iterable`)
  return follow(call('iterator', iterable, method), (iterator) => {
    if (isObject(iterator)) return iterator
    throw new TypeError('Result of the Symbol.iterator method is not an object')
  })
}

function nameOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'object' : String(value)
}

class ArrayHandle implements Handle {
  readonly open: boolean = false
  value: unknown = undefined
  array: readonly unknown[]
  at = 0

  constructor(array: readonly unknown[]) {
    this.array = array
  }

  step(): boolean {
    if (this.at >= this.array.length) {
      // What is pushed after the end is not seen.
      this.array = []
      return false
    }
    this.value = this.array[this.at++]
    return true
  }

  failed(): void {}

  close(): void {}
}

/** What a loop steps through by an iterator. `open` says that a jump out of the body must close it. */
export abstract class Stepping {
  open = false
  value: unknown = undefined
  readonly iterator: Stepper
  /** The body has thrown. */
  thrown = false

  constructor(iterator: Stepper) {
    this.iterator = iterator
  }

  /** Whether a step has given a value. */
  take(result: unknown): boolean {
    const step = checkedResult(result)
    if (step.done === true || Boolean(step.done)) return false
    this.value = step.value
    this.open = true
    return true
  }

  failed(): void {
    this.thrown = true
  }
}

export class IteratorHandle extends Stepping implements Handle {
  readonly next: unknown
  readonly took: (result: unknown) => boolean

  constructor(iterator: Stepper) {
    super(iterator)
    this.next = iterator.next
    this.took = (result) => this.take(result)
  }

  step(): unknown {
    this.open = false
    return follow(call('next', this.iterator, this.next), this.took)
  }

  close(): unknown {
    this.open = false
    const { iterator, thrown } = this
    if (thrown) {
      try {
        const method = iterator.return
        if (isMissing(method)) return undefined
        const result = call('return', iterator, method)
        return result === SUSPEND ? link(new Quiet()) : undefined
      } catch {
        return undefined
      }
    }
    const method = iterator.return
    if (isMissing(method)) return undefined
    return follow(call('return', iterator, method), checkedResult)
  }
}

export function checkedResult(result: unknown): IteratorResult<unknown, unknown> {
  if (!isObject(result)) throw new TypeError(`Iterator result ${String(result)} is not an object`)
  return result as IteratorResult<unknown, unknown>
}

export function isMissing(method: unknown): method is null | undefined {
  return method === undefined || method === null
}

/** Closes an iterator because of an error, beside which another one does not count. */
class Quiet extends Frame {
  resume(): undefined {
    return undefined
  }
}

/** A spread argument or element: an array of what the iterator gives. */
export function spread(iterable: unknown): unknown {
  if (isPlainArray(iterable) || typeof iterable === 'string' || !isObject(iterable)) return iterable
  const method: unknown = (iterable as Iterable<unknown>)[Symbol.iterator]
  if (typeof method !== 'function') return iterable
  return follow(begin(iterable), (iterator: Stepper) => new Collecting(iterator).go())
}

class Collecting extends Frame {
  readonly handle: IteratorHandle
  readonly items: unknown[] = []

  constructor(iterator: Stepper) {
    super()
    this.handle = new IteratorHandle(iterator)
  }

  go(): unknown {
    const { handle, items } = this
    for (;;) {
      const more = handle.step()
      if (more === SUSPEND) return link(this)
      if (more === false) return items
      items.push(handle.value)
    }
  }

  resume(more: unknown, isError: boolean): unknown {
    if (isError) throw more
    if (more === false) return this.items
    this.items.push(this.handle.value)
    return this.go()
  }
}
