// What the body of a plain twin is lowered to: structured statements in which every call that may be suspended stands alone,
// with a number. Numbers rise in source order, so that every subtree is a range of them. Printers only read this.
import type { Text } from './text.ts'

export type Item =
  | { readonly kind: 'code'; readonly code: Text }
  /** `into = code`, which may give SUSPEND. */
  | { readonly kind: 'call'; readonly k: number; readonly into: string; readonly code: Text }
  | { readonly kind: 'if'; readonly test: Text; readonly yes: Items; readonly no: Items | null }
  | { readonly kind: 'block'; readonly body: Items }
  | { readonly kind: 'label'; readonly name: string; readonly body: Items }
  | {
      readonly kind: 'loop' | 'do'
      readonly test: Text
      readonly update: Text
      readonly body: Items
      readonly labels: readonly string[]
    }
  /** A loop of the language over something, without calls inside. */
  | {
      readonly kind: 'each'
      readonly head: Text
      readonly body: Items
      readonly labels: readonly string[]
    }
  | {
      readonly kind: 'switch'
      readonly on: Text
      readonly cases: readonly Case[]
      readonly labels: readonly string[]
    }
  | {
      readonly kind: 'try'
      readonly body: Items
      readonly caught: string
      readonly handler: Items | null
      /** Without calls: others are lowered to a record of how the body was left. */
      readonly last: Items | null
    }

export type Items = readonly Item[]

export interface Case {
  /** null for `default`. */
  readonly test: Text | null
  readonly body: Items
}

/** The first and the last call number in a subtree; last 0 when there is none. */
export interface Range {
  readonly first: number
  readonly last: number
}

const NONE: Range = { first: Infinity, last: 0 }
const known = new WeakMap<Item, Range>()

export function rangeOf(item: Item): Range {
  let range = known.get(item)
  if (range === undefined) {
    range = find(item)
    known.set(item, range)
  }
  return range
}

export function rangeOfAll(items: Items | null): Range {
  if (items === null) return NONE
  let { first, last } = NONE
  for (const item of items) {
    const range = rangeOf(item)
    first = Math.min(first, range.first)
    last = Math.max(last, range.last)
  }
  return { first, last }
}

function find(item: Item): Range {
  switch (item.kind) {
    case 'code':
      return NONE
    case 'call':
      return { first: item.k, last: item.k }
    case 'if':
      return rangeOfAll([...item.yes, ...(item.no ?? [])])
    case 'switch':
      return rangeOfAll(item.cases.flatMap((one) => one.body))
    case 'try':
      return rangeOfAll([...item.body, ...(item.handler ?? []), ...(item.last ?? [])])
    default:
      return rangeOfAll(item.body)
  }
}
