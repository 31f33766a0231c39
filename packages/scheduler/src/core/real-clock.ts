// The machine's own clock. Node fires timers up to a millisecond early by the monotonic clock, and refuses delays
// above 2^31 - 1: the timer queue re-checks the time and arms again, so both are harmless here.
import { AsyncResource } from 'node:async_hooks'
import type { Clock } from './clock.ts'

const LONGEST_DELAY_MS = 2 ** 31 - 1

export function realClock(): Clock {
  // Made in the context of the first import: a native timer must not hold the context of whoever arms it.
  const context = new AsyncResource('GreenhouseClock', { requireManualDestroy: true })
  let timer: NodeJS.Timeout | null = null
  return {
    now: () => performance.now(),
    wallNow: () => Date.now(),
    arm(atMs, keepsProcess, fire) {
      if (timer !== null) clearTimeout(timer)
      const delayMs = Math.min(Math.max(1, Math.ceil(atMs - performance.now())), LONGEST_DELAY_MS)
      timer = context.runInAsyncScope(setTimeout, null, fire, delayMs) as NodeJS.Timeout
      if (!keepsProcess) timer.unref()
    },
    disarm() {
      if (timer !== null) clearTimeout(timer)
      timer = null
    },
  }
}
