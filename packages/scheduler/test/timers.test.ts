import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { pauseFor } from '@greenhouse/scheduler'
import type { Clock } from '../src/core/clock.ts'
import { realClock } from '../src/core/real-clock.ts'
import {
  keepingTimers,
  nextDueMs,
  setTimersAside,
  startTimer,
  startTimerAt,
  stopTimer,
  useClock,
  type Bucket,
  type Timer,
} from '../src/core/timers.ts'

/** A clock that stands still until it is told to move, and may call too early, as Node does. */
class HandClock implements Clock {
  nowMs = 0.5
  armedMs = Infinity
  keepsProcess = false
  arms = 0
  fire: (() => void) | null = null

  now(): number {
    return this.nowMs
  }
  wallNow(): number {
    return this.nowMs
  }
  arm(atMs: number, keepsProcess: boolean, fire: () => void): void {
    this.arms++
    this.armedMs = atMs
    this.keepsProcess = keepsProcess
    this.fire = fire
  }
  disarm(): void {
    this.armedMs = Infinity
    this.fire = null
  }
  /** Moves on, and calls at each armed moment, `earlyMs` before it. */
  advance(ms: number, earlyMs = 0): void {
    const untilMs = this.nowMs + ms
    for (let calls = 0; this.armedMs - earlyMs <= untilMs; calls++) {
      if (calls > 10_000) throw new Error('The queue arms for ever')
      // An early call is made once; the next one comes in time.
      this.nowMs = Math.max(this.nowMs, this.armedMs - (calls % 2 === 0 ? earlyMs : 0))
      if (this.nowMs > untilMs) break
      const { fire } = this
      this.disarm()
      fire?.()
    }
    this.nowMs = untilMs
  }
}

class Probe implements Timer {
  bucket: Bucket | null = null
  earlier: Timer | null = null
  later: Timer | null = null
  readonly name: string
  readonly keepsProcess: boolean
  readonly act: () => void

  constructor(name: string, act: () => void = () => {}, keepsProcess = true) {
    this.name = name
    this.keepsProcess = keepsProcess
    this.act = () => {
      fired.push(`${name}@${clock.now()}`)
      act()
    }
  }
  fire(): void {
    this.act()
  }
}

let clock: HandClock
let fired: string[]
beforeEach(() => {
  fired = []
  clock = new HandClock()
  const putBack = setTimersAside()
  useClock(clock)
  return () => {
    putBack()
    useClock(realClock())
  }
})

describe('the timer queue', () => {
  it('C9 fires at whole milliseconds, never early, in order of moments', () => {
    startTimer(new Probe('b'), 2.2)
    startTimer(new Probe('a'), 1)
    startTimer(new Probe('now'), 0)
    startTimer(new Probe('never'), Infinity)
    expect(nextDueMs()).toBe(1)
    clock.advance(0.4)
    expect(fired).toEqual([])
    clock.advance(1000)
    expect(fired).toEqual(['now@1', 'a@2', 'b@3'])
    expect(nextDueMs()).toBe(Infinity)
  })

  it('C9 fires those that fall due together in the order in which they were set', () => {
    for (const [name, ms] of Object.entries({ a: 5, b: 4.9, c: 3, d: 5, e: 4.6 })) {
      startTimer(new Probe(name), ms)
    }
    clock.advance(10)
    expect(fired).toEqual(['c@4', 'a@6', 'b@6', 'd@6', 'e@6'])
  })

  it('C9 arms again where the clock calls early', () => {
    startTimer(new Probe('a'), 10)
    clock.nowMs = 10.4
    clock.fire!()
    expect(fired).toEqual([])
    expect(clock.armedMs).toBe(11)
    clock.nowMs = 11
    clock.fire!()
    expect(fired).toEqual(['a@11'])
  })

  it('fires all that are overdue when the clock comes late, in order', () => {
    startTimer(new Probe('b'), 2)
    startTimer(new Probe('a'), 1)
    startTimer(new Probe('c'), 300)
    clock.nowMs = 100
    clock.fire!()
    expect(fired).toEqual(['a@100', 'b@100'])
    expect(clock.armedMs).toBe(301)
  })

  it('fires none that was stopped, in the middle of others and while they fire', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => new Probe(name)) as [Probe, ...Probe[]]
    const killer = new Probe('killer', () => stopTimer(d!))
    for (const one of [a, b!, c!, killer, d!]) startTimer(one, 5)
    stopTimer(b!)
    stopTimer(b!)
    clock.advance(10)
    expect(fired).toEqual(['a@6', 'c@6', 'killer@6'])
    expect(keepingTimers()).toBe(0)
  })

  it('takes new timers while it fires: ones that are due fire in the same turn, after the others', () => {
    const late = new Probe('late')
    const again = new Probe('again', () => {
      startTimerAt(late, clock.now())
      startTimer(new Probe('later'), 10)
    })
    startTimer(again, 1)
    startTimer(new Probe('other'), 1)
    clock.advance(5)
    expect(fired).toEqual(['again@2', 'other@2', 'late@2'])
    clock.advance(10)
    expect(fired.at(-1)).toBe('later@12')
  })

  it('can set a timer again, stopped or fired', () => {
    const one = new Probe('one')
    startTimer(one, 5)
    stopTimer(one)
    startTimer(one, 7)
    clock.advance(20)
    startTimer(one, 1)
    clock.advance(20)
    expect(fired).toEqual(['one@8', 'one@22'])
  })

  it('keeps the process alive only by those that say so', () => {
    const daemon = new Probe('daemon', () => {}, false)
    const keeper = new Probe('keeper')
    startTimer(daemon, 50)
    expect([clock.armedMs, clock.keepsProcess]).toEqual([51, false])
    startTimer(keeper, 100)
    expect([clock.armedMs, clock.keepsProcess, keepingTimers()]).toEqual([51, true, 1])
    stopTimer(keeper)
    expect([clock.armedMs, clock.keepsProcess, keepingTimers()]).toEqual([51, false, 0])
    startTimer(keeper, 10)
    expect([clock.armedMs, clock.keepsProcess]).toEqual([11, true])
    clock.advance(10.5)
    expect(fired).toEqual(['keeper@11'])
    expect([clock.armedMs, clock.keepsProcess]).toEqual([51, false])
  })

  it('arms the clock no more often than the next moment changes', () => {
    const probes = Array.from({ length: 1000 }, (_, i) => new Probe(`${i}`))
    for (const one of probes) startTimer(one, 500)
    expect(clock.arms).toBe(1)
    for (const one of probes.slice(1)) stopTimer(one)
    for (let i = 1; i < 1000; i++) startTimer(probes[i]!, 500 + i)
    expect(clock.arms).toBe(1)
    startTimer(new Probe('sooner'), 10)
    expect(clock.arms).toBe(2)
    clock.advance(2000)
    expect(fired).toHaveLength(1001)
  })

  it('stays in order when stopped ones are swept out', () => {
    const kept: string[] = []
    for (let i = 0; i < 5000; i++) {
      // Scattered over 5000 different moments.
      const dueMs = 10_000 + ((i * 2_654_435_761) % 5000)
      const one = new Probe(`${dueMs}`)
      startTimerAt(one, dueMs)
      if (i % 10 === 0) kept.push(one.name)
      else stopTimer(one)
    }
    expect(keepingTimers()).toBe(500)
    clock.advance(20_000)
    const inOrder = kept.sort((a, b) => Number(a) - Number(b)).map((name) => `${name}@${name}`)
    expect(fired).toEqual(inOrder)
  })

  it('can be set aside: timers in it can be stopped, and those of the other are forgotten', () => {
    const [kept, stopped] = [new Probe('kept'), new Probe('stopped')]
    for (const one of [kept, stopped]) startTimer(one, 10)
    const putBack = setTimersAside()
    const other = new HandClock()
    useClock(other)
    expect([clock.armedMs, nextDueMs(), keepingTimers()]).toEqual([Infinity, Infinity, 0])
    stopTimer(stopped)
    expect(keepingTimers()).toBe(0)
    const [virtual, stale] = [new Probe('virtual'), new Probe('stale')]
    startTimer(virtual, 1)
    startTimer(stale, 5)
    expect([other.armedMs, keepingTimers()]).toEqual([2, 2])
    putBack()
    useClock(clock)
    expect([other.armedMs, clock.armedMs, keepingTimers()]).toEqual([Infinity, 11, 1])
    stopTimer(stale)
    expect(keepingTimers()).toBe(1)
    clock.advance(100)
    expect(fired).toEqual(['kept@11'])
    expect(keepingTimers()).toBe(0)
  })
})

describe('the timer queue beside a sorted array', () => {
  /** What a timer does when it fires. */
  type Deed =
    { do: 'nothing' } | { do: 'stop'; which: number } | { do: 'start'; which: number; ms: number }
  type Command =
    | { do: 'start'; which: number; ms: number; keeps: boolean; deed: Deed }
    | { do: 'stop'; which: number }
    | { do: 'advance'; ms: number; earlyMs: number }
    | { do: 'late'; ms: number }

  const which = fc.nat({ max: 30 })
  const delay = fc.oneof(
    { arbitrary: fc.nat({ max: 12 }), weight: 4 },
    { arbitrary: fc.nat({ max: 1200 }).map((n) => n / 100), weight: 2 },
    { arbitrary: fc.nat({ max: 5000 }), weight: 1 },
    { arbitrary: fc.constant(Infinity), weight: 1 },
  )
  const deed: fc.Arbitrary<Deed> = fc.oneof(
    fc.constant<Deed>({ do: 'nothing' }),
    which.map((n): Deed => ({ do: 'stop', which: n })),
    fc.record({ do: fc.constant('start' as const), which, ms: delay }),
  )
  const command: fc.Arbitrary<Command> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('start' as const),
        which,
        ms: delay,
        keeps: fc.boolean(),
        deed,
      }),
    },
    { weight: 2, arbitrary: which.map((n): Command => ({ do: 'stop', which: n })) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('advance' as const),
        ms: fc.nat({ max: 4000 }).map((n) => n / 200),
        earlyMs: fc.constantFrom(0, 0.25, 0.9),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.nat({ max: 40 }).map((ms): Command => ({ do: 'late', ms })),
    },
  )

  it('fires the same timers at the same moments in the same order', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        clock = new HandClock()
        const putBack = setTimersAside()
        useClock(clock)

        interface Entry {
          readonly timer: number
          readonly atMs: number
          readonly dueMs: number
          readonly seq: number
          readonly keeps: boolean
        }
        const model: Entry[] = []
        const expected: string[] = []
        const real: string[] = []
        const timers: (Timer & { deed: Deed })[] = []
        const keepers: boolean[] = []
        let seq = 0

        const modelStop = (n: number) => {
          const at = model.findIndex(({ timer }) => timer === n)
          if (at !== -1) model.splice(at, 1)
        }
        const modelStart = (n: number, ms: number, atMs: number) => {
          modelStop(n)
          if (ms === Infinity) return
          const dueMs = Math.ceil(atMs + ms)
          model.push({ timer: n, atMs: atMs + ms, dueMs, seq: seq++, keeps: keepers[n]! })
          model.sort((a, b) => a.dueMs - b.dueMs || a.seq - b.seq)
        }
        const start = (n: number, ms: number) => {
          const one = timers[n]
          if (one === undefined) return
          stopTimer(one)
          startTimer(one, ms)
        }
        const make = (n: number, keeps: boolean, then: Deed) => {
          if (timers[n] !== undefined) stopTimer(timers[n])
          modelStop(n)
          keepers[n] = keeps
          timers[n] = Object.assign(new Probe(`${n}`, () => {}, keeps), {
            deed: then,
            fire() {
              real.push(`${n}@${clock.nowMs}`)
              if (then.do === 'stop' && timers[then.which] !== undefined)
                stopTimer(timers[then.which]!)
              // A second deed of the same timer would go on for ever.
              if (then.do === 'start' && then.which !== n) start(then.which, then.ms + 1)
            },
          })
        }
        /** What falls due up to now, in the model. */
        const modelFire = (nowMs: number) => {
          while (model.length > 0 && model[0]!.dueMs <= nowMs) {
            const { timer, atMs } = model.shift()!
            if (atMs > nowMs) throw new Error('The model fired early')
            expected.push(`${timer}@${nowMs}`)
            const then = timers[timer]!.deed
            if (then.do === 'stop') modelStop(then.which)
            if (then.do === 'start' && then.which !== timer && timers[then.which] !== undefined)
              modelStart(then.which, then.ms + 1, nowMs)
          }
        }

        for (const one of commands) {
          switch (one.do) {
            case 'start':
              make(one.which, one.keeps, one.deed)
              start(one.which, one.ms)
              modelStart(one.which, one.ms, clock.nowMs)
              break
            case 'stop':
              if (timers[one.which] !== undefined) stopTimer(timers[one.which]!)
              modelStop(one.which)
              break
            case 'advance': {
              const untilMs = clock.nowMs + one.ms
              clock.advance(one.ms, one.earlyMs)
              while (model.length > 0 && model[0]!.dueMs <= untilMs) modelFire(model[0]!.dueMs)
              break
            }
            case 'late':
              // The event loop was held: the clock calls once, after all that.
              clock.nowMs = Math.ceil(clock.nowMs + one.ms)
              if (clock.armedMs <= clock.nowMs) {
                const { fire } = clock
                clock.disarm()
                fire!()
              }
              modelFire(clock.nowMs)
          }
          expect(real).toEqual(expected)
          const keeping = model.filter(({ keeps }) => keeps).length
          expect(keepingTimers()).toBe(keeping)
          // Armed in time, if need be too soon, and never alive for nothing.
          expect(clock.armedMs).toBeLessThanOrEqual(model[0]?.dueMs ?? Infinity)
          if (clock.armedMs !== Infinity) expect(clock.keepsProcess).toBe(keeping > 0)
          expect(nextDueMs()).toBe(model[0]?.dueMs ?? Infinity)
        }
        putBack()
        useClock(clock)
      }),
      { numRuns: 400 },
    )
  })
})

describe('the real clock', () => {
  it('C9 never calls a timer early, and arms again beyond the longest delay of Node', async () => {
    useClock(realClock())
    const far = new Probe('far', () => {}, false)
    startTimer(far, 2 ** 40)
    for (let i = 0; i < 10; i++) {
      const startMs = performance.now()
      await pauseFor(1.3)
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(1.3)
    }
    expect(fired).toEqual([])
    stopTimer(far)
    expect(nextDueMs()).toBe(Infinity)
  })
})
