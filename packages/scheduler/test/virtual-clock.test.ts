import { describe, expect, it } from 'vitest'
import { end, pause, pauseFor, schedule, wait } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { keepingTimers, nextDueMs } from '../src/core/timers.ts'

describe('withVirtualClock', () => {
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
