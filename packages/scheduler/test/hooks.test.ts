import { afterEach, describe, expect, it } from 'vitest'
import {
  end,
  getCurrent,
  globalHook,
  greenlet,
  localExceptionHandler,
  localIncomingHook,
  localOutgoingHook,
  mainGreenlet,
  pause,
  pauseFor,
  removeGlobalHook,
  removeLocalIncomingHook,
  removeLocalOutgoingHook,
  schedule,
  withTimeout,
  type GlobalHook,
  type Greenlet,
} from '@greenhouse/scheduler'
import { complete } from '@greenhouse/scheduler/kernel'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { watched } from '../src/core/switches.ts'
import { lifeWatched } from '../src/core/telemetry.ts'
import { watchRejections } from './support/rejections.ts'

const INVALID = expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' })

const installed: GlobalHook[] = []
const watch = <H extends GlobalHook>(hook: H): H => {
  installed.push(hook)
  return globalHook(hook)
}
afterEach(() => {
  for (const hook of installed.splice(0)) removeGlobalHook(hook)
})

/** Pauses some times, then does something. */
const kinds: readonly [string, (pauses: number, last?: () => void) => Greenlet][] = [
  [
    'generator',
    (pauses, last) =>
      greenlet(function* () {
        for (let i = 0; i < pauses; i++) yield* pause()
        last?.()
      }),
  ],
  [
    'async',
    (pauses, last) =>
      greenlet(async () => {
        for (let i = 0; i < pauses; i++) await pause()
        last?.()
      }),
  ],
]

const pauses = async (times: number) => {
  for (let i = 0; i < times; i++) await pause()
}

/** The switches that a global hook sees, as text. */
const watchTrace = () => {
  const trace: string[] = []
  watch((from, to) => trace.push(`${from.name} -> ${to.name}`))
  return trace
}

describe.each(kinds)('hooks of a greenlet that is %s', (_kind, make) => {
  it('S26 one pause beside one other greenlet gives one switch into it and one out', async () => {
    const other = schedule(make(0))
    const calls: [Greenlet, Greenlet][] = []
    watch((from, to) => calls.push([from, to]))
    await pause()
    expect(calls).toHaveLength(2)
    expect(calls[0]).toEqual([mainGreenlet, other])
    expect(calls[1]).toEqual([other, mainGreenlet])
  })

  it.each([3, 5])('S27 %i pauses give one incoming call more', async (count) => {
    let calls = 0
    const one = schedule(make(count))
    const other = schedule(make(20))
    localIncomingHook((into) => {
      expect(into).toBe(one)
      calls++
    }, one)
    await one.join()
    expect(calls).toBe(count + 1)
    await other.join()
    expect(calls).toBe(count + 1)
  })

  it('S28 each suspension gives an outgoing call, and so does death by an error', async () => {
    const seen: number[] = []
    let calls = 0
    let handled = 0
    const one = schedule(
      make(4, () => {
        seen.push(calls)
        throw new Error('dies')
      }),
    )
    localOutgoingHook((from) => {
      expect(from).toBe(one)
      calls++
    }, one)
    localExceptionHandler(() => handled++, one)
    while (one.state !== 'failed') await pause()
    await pause()
    expect([...seen, calls, handled]).toEqual([4, 5, 1])
  })

  it('give as many outgoing calls as incoming ones when it finishes or is ended', async () => {
    const finishing = schedule(make(3))
    const ending = schedule(make(100))
    for (const one of [finishing, ending]) {
      const order: string[] = []
      localIncomingHook(() => order.push('in'), one)
      localOutgoingHook(() => order.push('out'), one)
      await pauses(2)
      if (one === ending) end(one)
      await one.join().catch(() => {})
      await pause()
      expect(order.length).toBeGreaterThan(5)
      expect(order.length % 2).toBe(0)
      expect(order).toEqual(order.map((_, i) => (i % 2 === 0 ? 'in' : 'out')))
    }
  })

  it('show each way of the switches, without a gap, back to main', async () => {
    const trace = watchTrace()
    const [a, b] = [make(2), make(1)]
    a.name = 'a'
    b.name = 'b'
    schedule(a)
    schedule(b)
    await a.join()
    await b.join()
    await pause()
    expect(trace[0]).toBe('main -> a')
    expect(trace.at(-1)).toMatch(/-> main$/)
    for (let i = 1; i < trace.length; i++) {
      const [from, to] = trace[i]!.split(' -> ')
      expect(trace[i - 1]!.endsWith(`-> ${from}`)).toBe(true)
      expect(to).not.toBe(from)
    }
    expect(trace.filter((one) => one.endsWith('-> a'))).toHaveLength(3)
    expect(trace.filter((one) => one.endsWith('-> b'))).toHaveLength(2)
  })
})

describe('hooks', () => {
  it.each(['generator', 'async'])('see a lone %s greenlet go out and come back', async (kind) =>
    withVirtualClock(async () => {
      const trace = watchTrace()
      const one =
        kind === 'generator'
          ? schedule(function* () {
              for (let i = 0; i < 2; i++) yield* pauseFor(10)
            })
          : schedule(async () => {
              for (let i = 0; i < 2; i++) await pauseFor(10)
            })
      one.name = 'one'
      await one.join()
      const round = ['main -> one', 'one -> main']
      expect(trace).toEqual([...round, ...round, ...round])
    }),
  )

  it('that a greenlet adds to itself begin with its next way out', async () => {
    for (const kind of ['generator', 'async']) {
      const order: string[] = []
      const add = () => {
        localIncomingHook(() => order.push('in'))
        localOutgoingHook(() => order.push('out'))
      }
      const one =
        kind === 'generator'
          ? schedule(function* () {
              add()
              yield* pause()
            })
          : schedule(async () => {
              add()
              await pause()
            })
      await one.join()
      await pause()
      expect([kind, ...order]).toEqual([kind, 'out', 'in', 'out'])
    }
  })

  it('that are added in the middle of an async greenlet begin with its next way out', async () => {
    const trace: string[] = []
    const order: string[] = []
    const one = schedule(async () => {
      await pause()
      watch((from, to) => trace.push(`${from.name} -> ${to.name}`))
      localIncomingHook(() => order.push('in'))
      localOutgoingHook(() => order.push('out'))
      await pause()
    })
    one.name = 'one'
    await one.join()
    await pause()
    expect(order).toEqual(['out', 'in', 'out'])
    expect(trace).toEqual(['one -> main'])
  })

  it('Q10 are held strongly: closures are not lost to the garbage collector', async () => {
    const seen = new Set<string>()
    const one = greenlet(function* () {
      yield* pause()
    })
    watch(() => seen.add('global'))
    localIncomingHook(() => seen.add('incoming'), one)
    localOutgoingHook(() => seen.add('outgoing'), one)
    await new Promise((resolve) => setImmediate(resolve))
    gc!()
    await schedule(one).join()
    expect([...seen].sort()).toEqual(['global', 'incoming', 'outgoing'])
  })

  it('Q10 that throw are reported, and neither stop the others nor the greenlet', async () => {
    const seen = await watchRejections(async () => {
      const called: string[] = []
      const one = greenlet(() => 'result')
      for (const [add, name] of [
        [localIncomingHook, 'incoming'],
        [localOutgoingHook, 'outgoing'],
      ] as const) {
        add(() => {
          throw `${name} broken`
        }, one)
        add(() => called.push(name), one)
      }
      const broken = watch(() => {
        throw 'global broken'
      })
      watch((from, to) => called.push(`${from.name} -> ${to.name}`))
      one.name = 'one'
      expect(await schedule(one).join()).toBe('result')
      removeGlobalHook(broken)
      expect(called).toEqual(['main -> one', 'incoming', 'outgoing', 'one -> main'])
    })
    expect(seen.unhandled).toEqual([
      'global broken',
      'incoming broken',
      'outgoing broken',
      'global broken',
    ])
  })

  it('are given back by what adds them; what removes them says whether they were there', () => {
    const hook = () => {}
    const one = greenlet(() => 1)
    expect(watch(hook)).toBe(hook)
    expect(removeGlobalHook(hook)).toBe(true)
    expect(removeGlobalHook(hook)).toBe(false)
    expect(localIncomingHook(hook, one)).toBe(hook)
    expect(localOutgoingHook(hook, one)).toBe(hook)
    expect(removeLocalIncomingHook(hook)).toBe(false)
    expect(removeLocalIncomingHook(hook, one)).toBe(true)
    expect(removeLocalIncomingHook(hook, one)).toBe(false)
    expect(removeLocalOutgoingHook(hook, one)).toBe(true)
    expect(removeLocalOutgoingHook(hook, one)).toBe(false)
    end(one)
  })

  it('are no longer called once they are removed, and may remove themselves', async () => {
    let calls = 0
    const one = schedule(function* () {
      yield* pause()
      yield* pause()
    })
    const once = localIncomingHook(() => {
      calls++
      removeLocalIncomingHook(once, one)
    }, one)
    const global = watch(() => {
      calls++
      removeGlobalHook(global)
    })
    await one.join()
    expect(calls).toBe(2)
  })

  it('one that removes itself does not keep the next one from being called', async () => {
    const called: string[] = []
    const first = watch(() => {
      called.push('first')
      removeGlobalHook(first)
    })
    watch(() => called.push('second'))
    schedule(() => 1)
    await pause()
    expect(called).toEqual(['first', 'second', 'second'])
  })

  it('of one greenlet are not called for another', async () => {
    const seen: Greenlet[] = []
    const [one, two] = [schedule(() => 1), schedule(() => 2)]
    localIncomingHook((into) => seen.push(into), one)
    localOutgoingHook((from) => seen.push(from), two)
    await pauses(2)
    expect(seen).toEqual([one, two])
  })

  it('do not take the beginning of a scope in a greenlet for a switch', async () => {
    for (const kind of ['generator', 'async']) {
      const order: string[] = []
      const trace = watchTrace()
      const note = (what: string) => void order.push(what)
      const one =
        kind === 'generator'
          ? greenlet(function* () {
              note('begins')
              yield* withTimeout(1000, function* () {
                note('in scope')
                yield* complete(undefined)
              })
              note('goes on')
              yield* withTimeout(1000, function* () {
                yield* pause()
              })
            })
          : greenlet(async () => {
              note('begins')
              await withTimeout(1000, async () => note('in scope'))
              note('goes on')
              await withTimeout(1000, async () => pause())
            })
      one.name = 'one'
      localIncomingHook(() => order.push('in'), one)
      localOutgoingHook(() => order.push('out'), one)
      await schedule(one).join()
      await pause()
      expect(order.slice(0, 3)).toEqual(['in', 'begins', 'in scope'])
      const switches = order.filter((what) => what === 'in' || what === 'out')
      expect(switches.length).toBeGreaterThanOrEqual(4)
      expect(switches).toEqual(switches.map((_, i) => (i % 2 === 0 ? 'in' : 'out')))
      expect(new Set(trace)).toEqual(new Set(['main -> one', 'one -> main']))
    }
  })

  it('cost nothing more once the greenlets that had them have finished', async () => {
    const [one, dead] = [schedule(async () => pause()), greenlet(() => 1)]
    for (const target of [one, dead]) {
      localIncomingHook(() => {}, target)
      localOutgoingHook(() => {}, target)
    }
    expect([watched, lifeWatched]).toEqual([true, true])
    await one.join()
    expect([watched, lifeWatched]).toEqual([true, true])
    end(dead)
    expect([watched, lifeWatched]).toEqual([false, false])
    localIncomingHook(() => {}, dead)
    expect([watched, lifeWatched]).toEqual([false, false])
  })

  it('see the greenlet as current when it is in', async () => {
    const seen: unknown[] = []
    const one = schedule(async () => {
      await pause()
      return getCurrent()
    })
    localIncomingHook((into) => seen.push(into), one)
    expect(await one.join()).toBe(one)
    expect(seen).toEqual([one, one])
  })

  it('must be functions, of greenlets', () => {
    for (const add of [globalHook, localIncomingHook, localOutgoingHook]) {
      expect(() => add(1 as never)).toThrow(TypeError)
      expect(() => add(1 as never)).toThrow(INVALID)
    }
    for (const act of [localIncomingHook, localOutgoingHook, removeLocalIncomingHook]) {
      expect(() => act(() => {}, {} as never)).toThrow(/`greenlet`/)
    }
  })
})
