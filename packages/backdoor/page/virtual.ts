// Only the rows in sight are there: TanStack's virtualizer in a Preact component.
import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from '@tanstack/virtual-core'
import type { RefObject } from 'preact'
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks'

export function useVirtual(
  count: number,
  rowPixels: number,
  scroller: RefObject<HTMLElement | null>,
): Virtualizer<HTMLElement, HTMLElement> {
  const [, again] = useReducer((n: number) => n + 1, 0)
  const options: VirtualizerOptions<HTMLElement, HTMLElement> = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPixels,
    overscan: 6,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => again(undefined),
  }
  const [virtual] = useState(() => new Virtualizer(options))
  virtual.setOptions(options)
  useLayoutEffect(() => virtual._didMount(), [])
  useLayoutEffect(() => virtual._willUpdate())
  return virtual
}

/** Numbers for the rows in sight, as keys: a row that comes takes that of one that has gone, and with it its element. */
export function useSlots(indexes: readonly number[]): (index: number) => number {
  const slots = useRef(new Map<number, number>()).current
  const free: number[] = []
  for (const [index, slot] of slots) {
    if (indexes.includes(index)) continue
    slots.delete(index)
    free.push(slot)
  }
  for (const index of indexes) {
    if (!slots.has(index)) slots.set(index, free.pop() ?? slots.size)
  }
  return (index) => slots.get(index)!
}
