// Every greenlet that has not finished, so that each wait can be seen from outside: a table of slots with a free list
// threaded through it. Taking and freeing a slot touches no other greenlet.
import type { Greenlet } from '../greenlet.ts'
import { openOperations } from './open-operations.ts'
import type { Scope } from './scope.ts'

const slots: (GreenletRecord | number)[] = []
let free = -1
let count = 0
let regions = 0

/** What the registry keeps in the greenlet. */
export interface GreenletRecord {
  slot: number
}

export function register(greenlet: GreenletRecord): void {
  count++
  if (free === -1) {
    greenlet.slot = slots.length
    slots.push(greenlet)
  } else {
    greenlet.slot = free
    const next = slots[free] as number
    slots[free] = greenlet
    free = next
  }
}

export function unregister(greenlet: GreenletRecord): void {
  if (greenlet.slot < 0) return
  count--
  slots[greenlet.slot] = free
  free = greenlet.slot
  greenlet.slot = -1
}

export function livingCount(): number {
  return count
}

/** Notes that a region has begun (1) or is over (-1). */
export function countRegion(step: 1 | -1): void {
  regions += step
}

/** Whether there is no scope but that of the main greenlet: then nobody has to find out which one is current. */
export function onlyMainLives(): boolean {
  return count + regions === 1
}

/** The living greenlets, in the order of their slots. */
export function livingGreenlets<T = Greenlet>(): T[] {
  return slots.filter((slot) => typeof slot !== 'number') as T[]
}

/** The living greenlets with the scopes that are open in them. */
export function livingScopes(): Scope[] {
  const scopes = livingGreenlets<Scope>()
  for (const scope of scopes) {
    for (const { source } of openOperations(scope)) {
      if (source.region !== undefined) scopes.push(source.region)
    }
  }
  return scopes
}
