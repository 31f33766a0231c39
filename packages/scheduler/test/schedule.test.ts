import { describe, expect, it } from 'vitest'
import {
  getCurrent,
  greenlet,
  pause,
  pauseFor,
  pauseUntil,
  schedule,
  scheduleAt,
  scheduleIn,
  scheduleRecurring,
  globalExceptionHandler,
  removeGlobalExceptionHandler,
  end,
} from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'

const INVALID = expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' })

describe('schedule', () => {
  it('S01 runs plain, async and generator functions, arguments, and a greenlet', async () => {
    const ran: string[] = []
    const all = [
      schedule(() => void ran.push('plain')),
      schedule(async (what: string) => void ran.push(what), 'async'),
      schedule(function* (what: string) {
        yield* pause()
        ran.push(what)
      }, 'generator'),
      schedule(greenlet((what: string) => void ran.push(what), { args: ['greenlet'] })),
    ]
    for (const one of all) await one.join()
    expect(ran).toEqual(['plain', 'async', 'greenlet', 'generator'])
  })

  it('S07 starts functions in the order of scheduling', async () => {
    const ran: number[] = []
    schedule(() => void ran.push(1))
    schedule(() => void ran.push(2))
    await pause()
    expect(ran).toEqual([1, 2])
  })

  it('S08 lets a scheduled function run before pause returns', async () => {
    let ran = false
    schedule(() => {
      ran = true
    })
    expect(ran).toBe(false)
    await pause()
    expect(ran).toBe(true)
  })

  it('Q12 refuses a greenlet that is scheduled, started or finished', async () => {
    const scheduled = greenlet(() => 1)
    schedule(scheduled)
    expect(() => schedule(scheduled)).toThrow(INVALID)
    await scheduled.join()
    expect(() => schedule(scheduled)).toThrow(INVALID)
    const later = greenlet(() => 1)
    scheduleIn(5, later)
    expect(() => schedule(later)).toThrow(/neither scheduled nor started/)
    end(later)
  })

  it('refuses what is neither function nor greenlet, by name and value', () => {
    expect(() => schedule(42 as never)).toThrow(
      /Expected `fn` to be a function or a greenlet, got `42` \(number\)/,
    )
    expect(() => greenlet('x' as never)).toThrow(INVALID)
    expect(() => greenlet(() => 1, { args: 1 as never })).toThrow(INVALID)
  })

  it('tells transpiled generators and async functions by what they return', async () => {
    const inner = function* (n: number) {
      yield* pause()
      return n + 1
    }
    const transpiled = (n: number) => inner(n)
    expect(await schedule(transpiled, 1).join()).toBe(2)
    expect(await schedule((n: number) => Promise.resolve(n), 3).join()).toBe(3)
    expect(await schedule(() => pauseFor(0)).join()).toBe(undefined)
  })

  it('takes any thenable that a function returns: once, with what it leads to, as its own', async () => {
    const thenable = (then: (resolve: (value: unknown) => void) => void) =>
      ({ then }) as unknown as PromiseLike<unknown>
    const twice = schedule(() =>
      thenable((resolve) => {
        resolve(Promise.resolve([getCurrent(), 'first']))
        resolve('second')
      }),
    )
    expect(await twice.join()).toEqual([twice, 'first'])
    await pause()
    expect(twice.result).toEqual([twice, 'first'])
    const throwing = schedule(() =>
      thenable((resolve) => {
        resolve('done')
        throw new Error('too late')
      }),
    )
    expect(await throwing.join()).toBe('done')
  })

  it('fails a greenlet made from an async generator', async () => {
    const one = schedule(async function* () {} as unknown as () => void)
    await expect(one.join()).rejects.toMatchObject({ code: 'GH_INVALID_ARGUMENT' })
  })
})

describe('scheduleIn and scheduleAt', () => {
  it('S03 runs nothing before the delay and everything after it, in the order set', () =>
    withVirtualClock(
      async (clock) => {
        const ran: string[] = []
        scheduleIn(10, () => void ran.push('plain'))
        scheduleIn(10, async (what: string) => void ran.push(what), 'async')
        scheduleIn(
          10,
          function* (what: string) {
            ran.push(what)
            yield* pause()
          },
          'generator',
        )
        scheduleIn(
          10,
          greenlet(() => void ran.push('greenlet')),
        )
        await clock.advance(9)
        expect(ran).toEqual([])
        await clock.advance(1)
        expect(ran).toEqual(['plain', 'async', 'generator', 'greenlet'])
      },
      { autojump: false },
    ))

  it('S02 runs at a moment of the wall clock, never early, even when that is set back', () =>
    withVirtualClock(
      async (clock) => {
        const ran: string[] = []
        scheduleAt(1_000_500, () => void ran.push('plain'))
        scheduleAt(
          1_000_500,
          greenlet(async () => void ran.push('greenlet')),
        )
        scheduleAt(1, () => void ran.push('past'))
        await clock.advance(0)
        expect(ran).toEqual(['past'])
        clock.setWallClock(1_000_000 - 1000)
        await clock.advance(500)
        expect(ran).toEqual(['past'])
        await clock.advance(1000)
        expect(ran).toEqual(['past', 'plain', 'greenlet'])
      },
      { autojump: false, startMs: 1_000_000 },
    ))

  it('cancels a delayed start when the greenlet is ended before', () =>
    withVirtualClock(
      async (clock) => {
        let ran = false
        const one = scheduleIn(10, () => {
          ran = true
        })
        end(one)
        await clock.advance(100)
        expect(ran).toBe(false)
        expect(one.state).toBe('ended')
      },
      { autojump: false },
    ))

  it('refuses bad delays and moments', () => {
    expect(() => scheduleIn(-1, () => 1)).toThrow(INVALID)
    expect(() => scheduleIn(NaN, () => 1)).toThrow(INVALID)
    expect(() => scheduleIn('1' as never, () => 1)).toThrow(INVALID)
    expect(() => scheduleAt(Infinity, () => 1)).toThrow(INVALID)
  })
})

describe('pauseFor and pauseUntil', () => {
  it('S09 pauses for the delay and not less, by the real clock', async () => {
    const startMs = performance.now()
    await pauseFor(12)
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(12)
  })

  it('S10 pauses until the moment and not less', () =>
    withVirtualClock(async (clock) => {
      await pauseUntil(250_000)
      expect(clock.wallNow()).toBe(250_000)
      await pauseUntil(1)
      expect(clock.wallNow()).toBe(250_000)
    }))

  it('Q8 fires timers that fall due together in the order they were set', () =>
    withVirtualClock(async () => {
      const order: number[] = []
      const sleep = function* (n: number, ms: number) {
        yield* pauseFor(ms)
        order.push(n)
      }
      const all = [5, 3, 5, 3, 4].map((ms, n) => schedule(sleep, n, ms))
      for (const one of all) await one.join()
      expect(order).toEqual([1, 3, 4, 0, 2])
    }))

  it('rejects with the reason of a signal, and leaves no timer', async () => {
    const before = process.getActiveResourcesInfo().length
    const aborter = new AbortController()
    const waiting = pauseFor(60_000, { signal: aborter.signal })
    aborter.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(pauseFor(1, { signal: aborter.signal })).rejects.toThrow('enough')
    expect(process.getActiveResourcesInfo().length).toBe(before)
  })
})

describe('scheduleRecurring', () => {
  it('S04 runs functions and a greenlet at each interval, and stops after maxTimes', () =>
    withVirtualClock(
      async (clock) => {
        const ran: string[] = []
        const note = (what: string) => void ran.push(`${what}@${clock.now()}`)
        scheduleRecurring(10, note, { maxTimes: 2, args: ['plain'] })
        scheduleRecurring(10, async (what: string) => note(what), { maxTimes: 2, args: ['async'] })
        scheduleRecurring(10, greenlet(note, { args: ['greenlet'] }), { maxTimes: 2 })
        await clock.advance(100)
        expect(ran).toEqual([
          'plain@10',
          'async@10',
          'greenlet@10',
          'plain@20',
          'async@20',
          'greenlet@20',
        ])
      },
      { autojump: false },
    ))

  it('S05 refuses a finished greenlet with a TypeError', async () => {
    const done = schedule(() => 1)
    await done.join()
    expect(() => scheduleRecurring(10, done)).toThrow(TypeError)
    expect(() => scheduleRecurring(10, done)).toThrow(INVALID)
  })

  it('Q13 begins at startAtMs, goes on after an error, leaves out what it missed, and stops', () =>
    withVirtualClock(
      async (clock) => {
        const errors: unknown[] = []
        const handler = globalExceptionHandler((error) => errors.push(error))
        const times: number[] = []
        const series = scheduleRecurring(
          10,
          () => {
            times.push(clock.now())
            throw new Error('each time')
          },
          { startAtMs: 25 },
        )
        await clock.advance(36)
        expect(times).toEqual([25, 35])
        expect(series.runs).toBe(2)
        series.stop()
        await clock.advance(100)
        expect(times).toEqual([25, 35])
        expect(errors).toHaveLength(2)
        expect(series.active).toBe(false)
        removeGlobalExceptionHandler(handler)
      },
      { autojump: false },
    ))

  it('refuses an interval below a millisecond and a bad maxTimes', () => {
    expect(() => scheduleRecurring(0, () => 1)).toThrow(INVALID)
    expect(() => scheduleRecurring(5, () => 1, { maxTimes: 0 })).toThrow(INVALID)
    expect(() => scheduleRecurring(5, 7 as never)).toThrow(INVALID)
  })
})
