// The order of a priority queue that was given none: numbers, bigints and strings by `<`, arrays element by element.
import { wrongType } from '@greenhouse/scheduler/kernel'

/** Negative, 0 or positive, as for `Array.prototype.sort`. */
export function defaultCompare(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) return compareArrays(a, b)
  if (!ordered(a)) unordered(a)
  if (!ordered(b) || (typeof a === 'string') !== (typeof b === 'string')) unordered(b)
  return a < b ? -1 : a > b ? 1 : 0
}

function compareArrays(a: readonly unknown[], b: readonly unknown[]): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = defaultCompare(a[i], b[i])
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function ordered(value: unknown): value is number | bigint | string {
  return (
    typeof value === 'string' ||
    typeof value === 'bigint' ||
    (typeof value === 'number' && value === value)
  )
}

function unordered(value: unknown): never {
  wrongType(
    'item',
    'a number, a string or an array of such, all of one kind (or pass `compare`)',
    value,
  )
}
