// The time at which greenlets park, for the dump: whole milliseconds, read once a drain and not once a wait, since reading
// the clock costs more than a switch.
import { currentClock } from './timers.ts'
import { running } from './context.ts'

let coarseMs = 0
let stale = true

/** A drain begins: time has passed since the last one. */
export function timeHasPassed(): void {
  stale = true
}

export function coarseTime(): number {
  if (stale || running === null) {
    coarseMs = Math.floor(currentClock().now())
    stale = running === null
  }
  return coarseMs
}
