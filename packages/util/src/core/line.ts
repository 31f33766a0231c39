// The workings of a queue: items in a store, those who wait for an item, and those who wait for room.
//
//   putters -> | store: at most maxSize items | -> getters
//
// Getters wait only while there is no item, putters only while there is no room. A waiter that wants or brings something
// other than one plain item stands in the same list as the plain ones, so that all are served in order of arrival; what sets
// it apart is what it waits on, its source.
import { resume, resumeError, type Operation, type WaitList } from '@greenhouse/scheduler/kernel'
import type { Source } from '@greenhouse/scheduler/kernel'
import type { Store } from './store.ts'

export interface Line<T> extends NonNullable<Source['owner']> {
  readonly maxSize: number
  readonly store: Store<T>
  readonly getters: WaitList<T>
  readonly putters: WaitList<void>
  /** The waiter that is in the middle of putting several items: it comes before all other putters. */
  batch: Operation | null
  /** How many items have been let in. */
  accepted: number
}

/** A source of waiters for items. */
export interface Taker<T> extends Source {
  /** Gives a waiter its item. */
  deliver(operation: Operation, item: T): void
  /** Tells a waiter that no item will come any more. */
  finish(operation: Operation, error: unknown): void
}

/** A source of waiters for room. */
export interface Giver<T> extends Source {
  /** The next item of a waiter. */
  item(operation: Operation): T
  /** That item has been taken; settles the waiter when it was its last. */
  taken(operation: Operation): void
  fail(operation: Operation, error: unknown): void
}

/** Whether there is an item to be had. */
export function hasItem<T>(line: Line<T>): boolean {
  return line.store.size > 0 || hasGiver(line)
}

/** Takes the item whose turn it is; there must be one. */
export function takeItem<T>(line: Line<T>): T {
  const { store } = line
  if (store.size === 0) return collect(line)
  const item = store.shift()
  if (hasGiver(line)) admit(line)
  return item
}

/** Hands an item to who waits for it, or stores it; false when there is no room. */
export function offerItem<T>(line: Line<T>, item: T): boolean {
  if (line.getters.size > 0) deliver(line, item)
  else if (line.store.size < line.maxSize) line.store.push(item)
  else return false
  line.accepted++
  return true
}

/** Takes back an item that was handed to somebody who could not take it any more: it is the first in line. */
export function takeBack<T>(line: Line<T>, item: T): void {
  if (line.getters.size > 0) deliver(line, item)
  else line.store.unshift(item)
}

/** Tells all who wait that the end has come. */
export function closeLine<T>(line: Line<T>, closed: () => unknown): void {
  for (let left = line.getters.size; left > 0; left--) {
    const operation = line.getters.shift()!
    if (operation.source === line.getters) resumeError(operation, closed())
    else (operation.source as Taker<T>).finish(operation, closed())
  }
  if (line.batch !== null) failGiver(line, line.batch, closed())
  for (let left = line.putters.size; left > 0; left--)
    failGiver(line, line.putters.shift()!, closed())
}

function hasGiver<T>(line: Line<T>): boolean {
  return line.putters.size > 0 || line.batch !== null
}

function deliver<T>(line: Line<T>, item: T): void {
  const operation = line.getters.shift()!
  if (operation.source === line.getters) resume(operation, item)
  else (operation.source as Taker<T>).deliver(operation, item)
}

function collect<T>(line: Line<T>): T {
  const operation = line.batch ?? line.putters.shift()!
  const item = itemOf(line, operation)
  taken(line, operation)
  return item
}

/** Lets in the items of those who wait for room; a store may refuse one by throwing. */
function admit<T>(line: Line<T>): void {
  while (line.store.size < line.maxSize && hasGiver(line)) {
    const operation = line.batch ?? line.putters.shift()!
    try {
      line.store.push(itemOf(line, operation))
    } catch (error) {
      failGiver(line, operation, error)
      continue
    }
    taken(line, operation)
  }
}

function itemOf<T>(line: Line<T>, operation: Operation): T {
  if (operation.source === line.putters) return operation.value as T
  return (operation.source as Giver<T>).item(operation)
}

function taken<T>(line: Line<T>, operation: Operation): void {
  line.accepted++
  if (operation.source === line.putters) resume(operation, undefined)
  else (operation.source as Giver<T>).taken(operation)
}

function failGiver<T>(line: Line<T>, operation: Operation, error: unknown): void {
  if (operation.source === line.putters) resumeError(operation, error)
  else (operation.source as Giver<T>).fail(operation, error)
}
