// These tests are about real time and the real event loop: a virtual clock would hide what they look for.
import { afterEach, describe, expect, it } from 'vitest'
import { pause, schedule, type Blocking, type Greenlet } from '@greenhouse/scheduler'
import { complete, WaitList } from '@greenhouse/scheduler/kernel'
import { entriesRun, setBudget } from '../src/core/run-queue.ts'

/** A hog that starves who would stop it ends by itself after this. */
const GIVE_UP_MS = 2000

interface Hog {
  turns: number
  untilMs: number
  readonly greenlet: Greenlet
}
const hogs: Hog[] = []
afterEach(async () => {
  for (const hog of hogs) hog.untilMs = 0
  for (const hog of hogs.splice(0)) await hog.greenlet.join()
})

const generatorHog = function* (hog: Hog, act: () => Blocking<unknown>) {
  for (; performance.now() < hog.untilMs; hog.turns++) yield* act()
}
const asyncHog = async (hog: Hog, act: () => Blocking<unknown>) => {
  for (; performance.now() < hog.untilMs; hog.turns++) await act()
}
/** A greenlet of a kind that is at `act` all the time. */
const hogAt = (kind: string, act: () => Blocking<unknown>): Hog => {
  const hog = { turns: 0, untilMs: performance.now() + GIVE_UP_MS } as Hog & { greenlet: Greenlet }
  hog.greenlet = kind === 'async' ? schedule(asyncHog, hog, act) : schedule(generatorHog, hog, act)
  hogs.push(hog)
  return hog
}
/** Waits until all hogs have made some turns, without having given up. */
const allBusy = async (turns: number) => {
  while (hogs.some((hog) => hog.turns < turns)) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (const hog of hogs) expect(performance.now()).toBeLessThan(hog.untilMs)
}

/** How late a timer of Node fires, in milliseconds since it was set. */
const timer = async (ms: number) => {
  const startMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, ms))
  return performance.now() - startMs
}
/** How late a timer for 10 ms fires at best: in one of the tries the machine may be busy with something else. */
const lateness = async () => {
  let leastMs = Infinity
  for (let i = 0; i < 10 && leastMs > 25; i++) leastMs = Math.min(leastMs, await timer(10))
  return leastMs
}

const list = new WaitList<string>('test', () => {})
const finished = schedule(() => 'result')

describe('C7 the event loop', () => {
  it.each(['async', 'generator'])(
    'turns beside a lone %s greenlet that only pauses',
    async (kind) => {
      hogAt(kind, pause)
      expect(await lateness()).toBeLessThan(30)
      await allBusy(1000)
    },
  )

  it.each([
    ['generator', 'complete operations', () => complete('value')],
    ['generator', 'values that were handed over', () => list.complete('value')],
    ['generator', 'joins of a finished greenlet', () => finished.join()],
    ['async', 'complete operations', () => complete('value')],
    ['async', 'complete operations without a value', () => complete(undefined)],
    ['async', 'joins of a finished greenlet', () => finished.join()],
  ] as const)(
    'turns beside a tight loop of a lone %s greenlet over %s',
    async (kind, _what, act) => {
      hogAt(kind, act)
      expect(await lateness()).toBeLessThan(30)
      await allBusy(1000)
    },
  )

  it('turns beside main that awaits complete operations', async () => {
    let fired = false
    setTimeout(() => (fired = true), 10)
    const startMs = performance.now()
    while (!fired && performance.now() - startMs < GIVE_UP_MS) await complete('value')
    expect(fired).toBe(true)
  })

  it('turns beside a greenlet that schedules itself again and again', async () => {
    const untilMs = performance.now() + GIVE_UP_MS
    let stop = false
    const again = (): void => {
      if (!stop && performance.now() < untilMs) schedule(again)
    }
    schedule(again)
    expect(await lateness()).toBeLessThan(30)
    expect(performance.now()).toBeLessThan(untilMs)
    stop = true
  })

  it.each(['async', 'generator'])(
    'turns once a slice, whose length is the budget, with %s greenlets',
    async (kind) => {
      /** The time between two turns of the event loop; the lower quartile, since noise only adds. */
      const slice = async (budgetMs: number) => {
        const before = setBudget(budgetMs)
        const gaps: number[] = []
        let lastMs = performance.now()
        for (let i = 0; i < 15; i++) {
          await new Promise((resolve) => setImmediate(resolve))
          const nowMs = performance.now()
          gaps.push(nowMs - lastMs)
          lastMs = nowMs
        }
        expect(setBudget(before)).toBe(budgetMs)
        return gaps.sort((a, b) => a - b)[3]!
      }
      hogAt(kind, pause)
      hogAt(kind, pause)
      const [short, long] = [await slice(1), await slice(20)]
      expect(short).toBeGreaterThan(0.5)
      expect(short).toBeLessThan(8)
      expect(long).toBeGreaterThan(12)
      expect(long).toBeLessThan(60)
    },
  )
})

describe('C7 greenlets among themselves', () => {
  it('one that is async gets at least half the turns of generators beside it', async () => {
    const asynchronous = hogAt('async', pause)
    const generators = [hogAt('generator', pause), hogAt('generator', pause)]
    // The first turns run slow code.
    await allBusy(500)
    for (const hog of hogs) hog.turns = 0
    await allBusy(500)
    for (const { turns } of generators) {
      expect(asynchronous.turns).toBeGreaterThanOrEqual(turns / 2)
    }
  })

  it('one that loops over complete operations leaves turns to a generator and an async one', async () => {
    hogAt('generator', () => complete('value'))
    hogAt('generator', pause)
    hogAt('async', pause)
    await allBusy(10)
  })

  it('run in the order in which they became ready, across both kinds', async () => {
    const order: string[] = []
    const generator = function* (name: string) {
      for (let i = 0; i < 100; i++) {
        order.push(name)
        yield* pause()
      }
    }
    const asynchronous = async (name: string) => {
      for (let i = 0; i < 100; i++) {
        order.push(name)
        await pause()
      }
    }
    const all = [
      schedule(generator, 'a'),
      schedule(asynchronous, 'b'),
      schedule(asynchronous, 'c'),
      schedule(generator, 'd'),
      schedule(asynchronous, 'e'),
    ]
    for (const one of all) await one.join()
    expect(order.join('')).toBe('abcde'.repeat(100))
  })

  it('are woken in the order of their wakes, and run up to their next wait before the next', async () => {
    const waiters = new WaitList<number>('test')
    const order: string[] = []
    const park = () => waiters.park<number>(undefined, undefined, () => {})
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, i) =>
      i % 2 === 0
        ? schedule(function* () {
            order.push(name + (yield* park()))
            yield* complete(undefined)
            order.push(name)
          })
        : schedule(async () => {
            order.push(name + (await park()))
            await complete(undefined)
            await Promise.resolve()
            order.push(name)
          }),
    )
    await pause()
    await pause()
    expect(waiters.size).toBe(6)
    const budget = setBudget(Infinity)
    try {
      for (let i = 0; i < 6; i++) waiters.wake(i)
      for (const one of all) await one.join()
    } finally {
      setBudget(budget)
    }
    expect(order).toEqual('a0 a b1 b c2 c d3 d e4 e f5 f'.split(' '))
  })

  it('rest when there is nothing to do: no entry runs', async () => {
    await timer(2)
    const before = entriesRun()
    await timer(5)
    expect(entriesRun()).toBe(before)
  })
})
