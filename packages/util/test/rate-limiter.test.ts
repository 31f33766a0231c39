import { end, pauseFor, schedule } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { RateLimiter } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { KINDS, outcome, settled, waiter } from './flows.ts'

describe('RateLimiter', () => {
  for (const kind of KINDS) {
    it(`lets a burst go at once, then an even stream (${kind})`, async () => {
      await withVirtualClock(async (clock) => {
        const limiter = new RateLimiter(3, 30)
        const times: number[] = []
        const greenlets = Array.from({ length: 7 }, () =>
          kind === 'async'
            ? schedule(async () => {
                await limiter.acquire()
                times.push(clock.now())
              })
            : schedule(function* () {
                yield* limiter.acquire()
                times.push(clock.now())
              }),
        )
        for (const greenlet of greenlets) await greenlet.join()
        expect(times).toEqual([0, 0, 0, 10, 20, 30, 40])
        expect(limiter.statistics()).toEqual({ tokens: 0, burst: 3, waiting: 0 })
        await pauseFor(1000)
        expect(limiter.tokens).toBe(3)
      })
    })

    it(`a wait that is ended gives its budget to those behind it (${kind})`, async () => {
      await withVirtualClock(async (clock) => {
        const limiter = new RateLimiter(10, 100)
        limiter.tryAcquire(10)
        const greedy = waiter(kind, () => limiter.acquire(10))
        const modest = waiter(kind, () => limiter.acquire(1))
        await pauseFor(25)
        expect(modest.state).toBe('blocked')
        end(greedy)
        expect(await modest.join()).toBe(true)
        expect(await outcome(greedy)).toBe('GH_EXIT')
        expect([clock.now(), limiter.tokens]).toEqual([25, 1])
      })
    })

    it(`what a waiter got in the instant of its end goes to the next (${kind})`, async () => {
      await withVirtualClock(async (clock) => {
        const limiter = new RateLimiter(1, 10)
        limiter.tryAcquire()
        const [victim, other] = [
          waiter(kind, () => limiter.acquire()),
          waiter(kind, () => limiter.acquire()),
        ]
        await settled()
        limiter.bucket.refund(1)
        end(victim)
        expect([await outcome(victim), await other.join()]).toEqual(['GH_EXIT', true])
        expect(clock.now()).toBe(0)
      })
    })

    it(`gives false when the time is up, and the place to the next (${kind})`, async () => {
      await withVirtualClock(async (clock) => {
        const limiter = new RateLimiter(2, 100)
        limiter.tryAcquire(2)
        const late = waiter(kind, () => limiter.acquire(2, { timeoutMs: 60 }))
        const next = waiter(kind, () => limiter.acquire(1))
        expect(await late.join()).toBe(false)
        expect(await next.join()).toBe(true)
        expect(clock.now()).toBe(60)
      })
    })
  }

  it('an abort of several waits at once leaves nobody behind', async () => {
    await withVirtualClock(async () => {
      const limiter = new RateLimiter(4, 100)
      limiter.tryAcquire(4)
      const controller = new AbortController()
      const { signal } = controller
      const waits = [4, 1, 1].map((n) => outcome(limiter.acquire(n, { signal })))
      await pauseFor(60)
      controller.abort(new Error('stop'))
      const results = await Promise.all(waits)
      expect(results[0]).toBe('stop')
      expect(limiter.statistics().waiting).toBe(0)
    })
  })

  it('is not a millisecond late where a third of an interval is no whole number', async () => {
    await withVirtualClock(async (clock) => {
      const late: number[] = []
      for (const limit of [3, 7]) {
        for (let intervalMs = 1; intervalMs <= 60; intervalMs++) {
          const limiter = new RateLimiter(limit, intervalMs)
          const startMs = clock.now()
          for (let n = 0; n < 2 * limit; n++) await limiter.acquire()
          if (clock.now() - startMs !== intervalMs) late.push(intervalMs)
        }
      }
      expect(late).toEqual([])
    })
  })

  it('is first come, first served: a small wait does not overtake a large one', async () => {
    await withVirtualClock(async (clock) => {
      const limiter = new RateLimiter(4, 40)
      limiter.tryAcquire(4)
      const times: string[] = []
      const wait = (n: number) =>
        schedule(async () => {
          await limiter.acquire(n)
          times.push(`${n} at ${clock.now()}`)
        })
      const greenlets = [wait(3), wait(1), wait(2)]
      await pauseFor(25)
      expect(limiter.tryAcquire(1)).toBe(false)
      for (const greenlet of greenlets) await greenlet.join()
      expect(times).toEqual(['3 at 30', '1 at 40', '2 at 60'])
    })
  })

  it('a burst of its own, and no drift over ten minutes of odd intervals', async () => {
    await withVirtualClock(async (clock) => {
      const limiter = new RateLimiter(7, 1000, { burst: 1 })
      for (let i = 0; i <= 7 * 600; i++) await limiter.acquire()
      expect(clock.now()).toBeGreaterThanOrEqual(600_000)
      expect(clock.now()).toBeLessThan(600_002)
    })
  })

  it('never more than burst + limit in any interval, whatever is cut short', async () => {
    await withVirtualClock(async (clock) => {
      const limiter = new RateLimiter(5, 50)
      const passed: number[] = []
      const greenlets = Array.from({ length: 100 }, (_, n) =>
        schedule(async () => {
          await pauseFor((n * 37) % 101)
          if (await limiter.acquire((n % 3) + 1, { timeoutMs: (n * 13) % 200 })) {
            for (let i = 0; i <= n % 3; i++) passed.push(clock.now())
          }
        }),
      )
      greenlets
        .filter((_, n) => n % 7 === 3)
        .forEach((greenlet) =>
          schedule(async () => {
            await pauseFor(40)
            end(greenlet)
          }),
        )
      for (const greenlet of greenlets) await outcome(greenlet)
      for (const from of passed) {
        expect(passed.filter((at) => at >= from && at < from + 50).length).toBeLessThanOrEqual(10)
      }
      expect(limiter.statistics().waiting).toBe(0)
    })
  })

  it('refuses bad numbers', () => {
    for (const limit of [0, -1, 1.5, Infinity, NaN])
      expect(() => new RateLimiter(limit, 1)).toThrow(RangeError)
    for (const ms of [0, -1, Infinity, NaN])
      expect(() => new RateLimiter(1, ms)).toThrow(RangeError)
    expect(() => new RateLimiter(1, 1, { burst: 0 })).toThrow(RangeError)
    const limiter = new RateLimiter(2, 10)
    for (const n of [0, 3, Infinity]) expect(() => limiter.acquire(n)).toThrow(RangeError)
    expect(() => limiter.tryAcquire('1' as never)).toThrow(TypeError)
  })

  it('tries once with a time-out of 0', async () => {
    const limiter = new RateLimiter(1, 1e9)
    expect([
      await limiter.acquire(1, { timeoutMs: 0 }),
      await limiter.acquire(1, { timeoutMs: 0 }),
    ]).toEqual([true, false])
    expect(limiter.statistics().waiting).toBe(0)
  })
})
