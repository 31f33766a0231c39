import { describe, expect, it } from 'vitest'
import {
  end,
  pause,
  pauseFor,
  schedule,
  scheduleRecurring,
  wait,
  withTimeout,
} from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { keepingTimers, nextDueMs } from '../src/core/timers.ts'

describe('withVirtualClock', () => {
  it('lets an hour pass in milliseconds, each thing at its own moment', async () => {
    const startMs = performance.now()
    const seen = await withVirtualClock(async (clock) => {
      const at: Record<string, number[]> = { ticks: [], sleeper: [], recurring: [] }
      const ticker = schedule(function* () {
        for (;;) {
          yield* pauseFor(60_000)
          at['ticks']!.push(clock.now())
        }
      })
      const sleeper = schedule(async () => {
        await withTimeout(3_599_999, () => pauseFor(Infinity)).catch(() => {})
        at['sleeper']!.push(clock.now())
      })
      const series = scheduleRecurring(600_000, () => void at['recurring']!.push(clock.now()))
      await pauseFor(3_600_000)
      await sleeper.join()
      series.stop()
      end(ticker)
      return { ...at, now: clock.now(), wall: clock.wallNow() }
    })
    const every = (ms: number, times: number) =>
      Array.from({ length: times }, (_, i) => ms * (i + 1))
    expect(seen).toEqual({
      // The one at the hour's end was set after main's, and comes after it.
      ticks: every(60_000, 59),
      sleeper: [3_599_999],
      recurring: every(600_000, 5),
      now: 3_600_000,
      wall: 3_600_000,
    })
    expect(performance.now() - startMs).toBeLessThan(2000)
  })

  it('does not jump while a wait for a promise is pending, but fires what is due already', () =>
    withVirtualClock(async (clock) => {
      const order: string[] = []
      let resolve!: () => void
      const promise = wait(new Promise<void>((fulfil) => (resolve = fulfil)))
      const sleeper = schedule(async () => {
        await pauseFor(1)
        order.push(`slept until ${clock.now()}`)
      })
      await pauseFor(0)
      order.push(`due at ${clock.now()}`)
      await expect(wait(promise, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
      for (let i = 0; i < 5; i++) await new Promise((turn) => setImmediate(turn))
      order.push(`turns at ${clock.now()}`)
      resolve()
      await promise
      await sleeper.join()
      expect(order).toEqual(['due at 0', 'turns at 0', 'slept until 1'])
    }))

  it('leaves the real timers as they were, also where what it knew is ended later', async () => {
    const stays = schedule(async () => pauseFor(60_000))
    await pause()
    const forgotten = await withVirtualClock(async () => {
      const sleeper = schedule(async () => pauseFor(60_000))
      await pause()
      end(stays)
      return sleeper
    })
    end(forgotten)
    for (const one of [stays, forgotten]) {
      await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    }
    const startMs = performance.now()
    await pauseFor(3)
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(3)
    expect([keepingTimers(), nextDueMs()]).toEqual([0, Infinity])
  })
})
