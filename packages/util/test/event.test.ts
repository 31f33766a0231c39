import { pauseFor, schedule } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { Event } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { cancelTable, KINDS, settled, waiter } from './flows.ts'

describe('Event', () => {
  it('U01 starts unset, and is set by set', () => {
    const event = new Event()
    expect(event.isSet).toBe(false)
    event.set()
    expect(event.isSet).toBe(true)
    event.clear()
    expect(event.isSet).toBe(false)
  })

  for (const kind of KINDS) {
    it(`U02 U04 blocks a waiter while unset, and set releases it (${kind})`, async () => {
      const event = new Event()
      const greenlet = waiter(kind, () => event.wait())
      await settled()
      expect(greenlet.state).toBe('blocked')
      event.set()
      expect(await greenlet.join()).toBe(true)
    })

    it(`U03 does not block once set (${kind})`, async () => {
      const event = new Event()
      event.set()
      expect(await waiter(kind, () => event.wait()).join()).toBe(true)
    })

    it(`U05 U06 resumes a timed wait after its time, not before (${kind})`, async () => {
      await withVirtualClock(async (clock) => {
        const event = new Event()
        expect(await waiter(kind, () => event.wait({ timeoutMs: 20 })).join()).toBe(false)
        expect(clock.now()).toBe(20)
        expect(await event.wait({ timeoutMs: 20 })).toBe(false)
        expect(clock.now()).toBe(40)
      })
    })
  }

  it('U07 forgets a waiter whose time was up', async () => {
    await withVirtualClock(async () => {
      const event = new Event()
      await event.wait({ timeoutMs: 5 })
      expect(event.statistics()).toEqual({ isSet: false, waiting: 0 })
    })
  })

  it('Q1 gives true when set in time and false on time-out', async () => {
    await withVirtualClock(async () => {
      const event = new Event()
      schedule(async () => {
        await pauseFor(5)
        event.set()
      })
      expect(await event.wait({ timeoutMs: 10 })).toBe(true)
      event.clear()
      expect(await event.wait({ timeoutMs: 10 })).toBe(false)
    })
  })

  it('Q7 wakes all present waiters in order of arrival, even when cleared at once', async () => {
    const event = new Event()
    const woken: number[] = []
    const greenlets = [0, 1, 2, 3, 4, 5].map((n) =>
      n % 2 === 0
        ? schedule(function* () {
            yield* event.wait()
            woken.push(n)
          })
        : schedule(async () => {
            await event.wait()
            woken.push(n)
          }),
    )
    await settled()
    event.set()
    event.clear()
    for (const greenlet of greenlets) await greenlet.join()
    expect(woken).toEqual([0, 1, 2, 3, 4, 5])
    expect(event.isSet).toBe(false)
  })

  describe('when a wait is cut short', () => {
    cancelTable(() => {
      const event = new Event()
      return {
        wait: (options) => event.wait(options),
        handOver: () => event.set(),
        waiting: () => event.statistics().waiting,
        gives: true,
        onTimeout: false,
        toAll: true,
      }
    })
  })
})
