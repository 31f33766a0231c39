// The waiters of a queue that want or bring something other than one plain item.
import { resume, resumeError, type Operation } from '@greenhouse/scheduler/kernel'
import { takeBack, type Giver, type Line, type Taker } from './line.ts'

/** Waits for several items: gets them in an array. */
export class ManyTaker<T> implements Taker<T> {
  readonly kind: string
  readonly owner: Line<T>
  readonly giveBack: (items: T[]) => void

  constructor(kind: string, owner: Line<T>) {
    this.kind = kind
    this.owner = owner
    this.giveBack = (items) => {
      while (items.length > 0) takeBack(owner, items.pop() as T)
    }
  }

  deliver(operation: Operation, item: T): void {
    resume(operation, [item])
  }

  finish(operation: Operation, error: unknown): void {
    resumeError(operation, error)
  }

  withdraw(operation: Operation): void {
    this.owner.getters.withdraw(operation)
  }
}

/** Waits for an item as iteration does: gets `{ done, value }`. */
export class NextTaker<T> implements Taker<T> {
  readonly kind: string
  readonly owner: Line<T>
  readonly giveBack: (result: IteratorResult<T, undefined>) => void

  constructor(kind: string, owner: Line<T>) {
    this.kind = kind
    this.owner = owner
    this.giveBack = (result) => {
      if (result.done !== true) takeBack(owner, result.value)
    }
  }

  deliver(operation: Operation, item: T): void {
    resume(operation, { done: false, value: item })
  }

  finish(operation: Operation): void {
    resume(operation, { done: true, value: undefined })
  }

  withdraw(operation: Operation): void {
    this.owner.getters.withdraw(operation)
  }
}

/** The items of a `putMany`, and how many of them are in. */
export class Batch<T> {
  readonly items: readonly T[]
  putCount = 0

  constructor(items: readonly T[]) {
    this.items = items
  }

  get item(): T {
    return this.items[this.putCount] as T
  }

  get done(): boolean {
    return this.putCount === this.items.length
  }

  failed(error: unknown): Error {
    return Object.assign(error as Error, { putCount: this.putCount })
  }
}

/** Brings several items, one after the other. */
export class BatchGiver<T> implements Giver<T> {
  readonly kind: string
  readonly giveBack = null
  readonly owner: Line<T>

  constructor(kind: string, owner: Line<T>) {
    this.kind = kind
    this.owner = owner
  }

  item(operation: Operation): T {
    return (operation.value as Batch<T>).item
  }

  taken(operation: Operation): void {
    const batch = operation.value as Batch<T>
    batch.putCount++
    this.owner.batch = batch.done ? null : operation
    if (batch.done) resume(operation, undefined)
  }

  fail(operation: Operation, error: unknown): void {
    this.owner.batch = null
    resumeError(operation, (operation.value as Batch<T>).failed(error))
  }

  withdraw(operation: Operation): void {
    if (this.owner.batch === operation) this.owner.batch = null
    else this.owner.putters.withdraw(operation)
  }
}
