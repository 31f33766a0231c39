import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  end,
  pause,
  pauseFor,
  schedule,
  scheduleException,
  scheduleExceptionIn,
  scheduleIn,
  wait,
  withTimeout,
  type Blocking,
  type Greenlet,
} from '@greenhouse/scheduler'
import { giveFalse, WaitList } from '@greenhouse/scheduler/kernel'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { externalWaits } from '../src/core/external.ts'
import { openOperations } from '../src/core/open-operations.ts'
import { main } from '../src/core/main.ts'
import { livingCount } from '../src/core/registry.ts'
import { queueLength } from '../src/core/run-queue.ts'
import { keepingTimers, nextDueMs } from '../src/core/timers.ts'

const WAITS = 100_000
/** Where 1 MiB is still less than the smallest thing that each could leave. */
const FEWER_WAITS = 15_000
const AT_ONCE = 1000
const MIB = 1024 * 1024

/** What outlives every wait: the list, the greenlet, the promise and the signal that they wait on. */
class World {
  readonly list = new WaitList<string>('test')
  readonly aborter = new AbortController()
  readonly never = new Promise<never>(() => {})
  readonly forever: Greenlet
  shared!: Blocking<string>

  constructor() {
    this.forever = schedule(function* (world: World) {
      yield* (world.shared = world.park())
    }, this)
  }
  park(options?: { timeoutMs?: number; signal?: AbortSignal }): Blocking<string> {
    return this.list.park<string>(undefined, options, giveFalse)
  }
  get signal(): AbortSignal {
    return this.aborter.signal
  }
}

type Wait = (world: World) => Blocking<unknown>
const generator = function* (world: World, start: Wait, times: number) {
  for (let i = 0; i < times; i++) {
    try {
      yield* start(world)
    } catch {}
  }
}
const asynchronous = async (world: World, start: Wait, times: number) => {
  for (let i = 0; i < times; i++) {
    try {
      await start(world)
    } catch {}
  }
}
const bodies = { generator, async: asynchronous } as const
type Kind = keyof typeof bodies
const KINDS: readonly Kind[] = ['generator', 'async']

const spawn = (kind: Kind, world: World, start: Wait, times: number) =>
  kind === 'async'
    ? schedule(bodies.async, world, start, times)
    : schedule(bodies.generator, world, start, times)

const heapUsed = async () => {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc!()
  }
  return process.memoryUsage().heapUsed
}

/** What a batch may not change. */
const figures = (world: World) => ({
  living: livingCount(),
  waiting: world.list.size,
  ready: queueLength(),
  timers: [keepingTimers(), nextDueMs()],
  promises: externalWaits(),
  listeners: getEventListeners(world.signal, 'abort').length,
  ofMain: openOperations(main).length,
  ofForever: [world.forever.state, world.forever.blockedOn.length],
})

/** Runs a small batch to warm up, then the one to measure. */
const expectNoLeak = async (
  waits: number,
  batch: (world: World, waits: number) => Promise<void>,
) => {
  const world = new World()
  await pause()
  const before = figures(world)
  await batch(world, waits / 5)
  expect(figures(world)).toEqual(before)
  const heapBefore = await heapUsed()
  await batch(world, waits)
  expect((await heapUsed()) - heapBefore).toBeLessThan(MIB)
  expect(figures(world)).toEqual(before)
  end(world.forever)
  await pause()
}

/** Waits of a millisecond at most, many greenlets at once. */
const timedOut: Record<string, Wait> = {
  'a wait list': (world) => world.park({ timeoutMs: 1 }),
  'a wait list with a signal': (world) => world.park({ timeoutMs: 1, signal: world.signal }),
  join: (world) => world.forever.join({ timeoutMs: 1 }),
  pauseFor: () => pauseFor(1),
  'wait for a promise that never settles': (world) => wait(world.never, { timeoutMs: 1 }),
}
/** Waits that somebody else puts an end to. */
const parked: Record<string, Wait> = {
  'a wait list': (world) => world.park({ timeoutMs: 60_000, signal: world.signal }),
  join: (world) => world.forever.join({ signal: world.signal }),
  pauseFor: () => pauseFor(60_000),
  'wait for a promise that never settles': (world) => wait(world.never),
  'an operation of another greenlet': (world) => world.shared,
}
/** Generators at each of the waits, async greenlets at some: they differ from them in how they are resumed only. */
const cases = (waits: Record<string, Wait>) =>
  Object.entries(waits).flatMap(([what, start]) =>
    KINDS.filter(
      (kind) => kind === 'generator' || /promise|a wait list|another greenlet/.test(what),
    ).map((kind) => {
      const many = what === 'a wait list' && kind === 'generator'
      return [kind, what, start, many ? WAITS : FEWER_WAITS] as const
    }),
  )

describe('C3 up to 100,000 waits leave heap, timers, lists and listeners where they were', () => {
  it.each(cases(timedOut))('timed out, of %s greenlets, at %s', async (kind, _what, start, waits) =>
    withVirtualClock(
      (clock) =>
        expectNoLeak(waits, async (world, count) => {
          const each = count / AT_ONCE
          const all = Array.from({ length: AT_ONCE }, () => spawn(kind, world, start, each))
          for (let i = 0; i < each; i++) await clock.advance(1)
          await pause()
          expect(all.every(({ state }) => state === 'finished')).toBe(true)
        }),
      { autojump: false },
    ),
  )

  const endAtOnce = (kind: Kind, start: Wait, waits: number, act: (one: Greenlet) => void) =>
    expectNoLeak(waits, async (world, count) => {
      for (let done = 0; done < count; done += AT_ONCE) {
        const all = Array.from({ length: AT_ONCE }, () => spawn(kind, world, start, 1))
        await pause()
        await pause()
        expect(all[0]!.state).toBe('blocked')
        all.forEach(act)
        for (const one of all) await one.join().catch(() => {})
      }
    })

  it.each(cases(parked))('ended, of %s greenlets, at %s', async (kind, _what, start, waits) =>
    endAtOnce(kind, start, waits, end),
  )

  it.each(KINDS)('thrown into, of %s greenlets', async (kind) =>
    endAtOnce(kind, parked['a wait list']!, FEWER_WAITS, (one) => scheduleException('enough', one)),
  )

  it.each(KINDS)('aborted, of %s greenlets', async (kind) => {
    await expectNoLeak(FEWER_WAITS, async (world, waits) => {
      for (let done = 0; done < waits; done += AT_ONCE) {
        const aborter = new AbortController()
        const start: Wait = () => world.park({ signal: aborter.signal, timeoutMs: 60_000 })
        const all = Array.from({ length: AT_ONCE }, () => spawn(kind, world, start, 1))
        await pause()
        await pause()
        expect(world.list.size).toBe(AT_ONCE + 1)
        aborter.abort('enough')
        for (const one of all) await one.join()
      }
    })
  })

  it('timed out, of main', async () => {
    await withVirtualClock(
      async (clock) => {
        await expectNoLeak(FEWER_WAITS, async (world, waits) => {
          for (let done = 0; done < waits; done += AT_ONCE) {
            const all = Array.from({ length: AT_ONCE }, () => world.park({ timeoutMs: 1 }))
            await clock.advance(1)
            expect(await Promise.all(all)).toEqual(all.map(() => false))
          }
        })
      },
      { autojump: false },
    )
  })

  it('of scopes that end in time, and of what was to happen to greenlets later', async () => {
    await expectNoLeak(FEWER_WAITS, async (world, waits) => {
      for (let done = 0; done < waits; done += AT_ONCE) {
        const all = Array.from({ length: AT_ONCE / 2 }, () =>
          schedule(function* () {
            yield* withTimeout(60_000, function* () {
              yield* pause()
            })
          }),
        )
        for (const one of all) scheduleExceptionIn(60_000, 'late', one)
        const later = all.map(() => scheduleIn(60_000, generator, world, () => pause(), 1))
        for (const one of all) await one.join()
        later.forEach(end)
      }
    })
  })
})

describe('Q2 a wait that is over', () => {
  const cut: [string, (one: Greenlet, list: WaitList<string>) => void][] = [
    ['woken', (_one, list) => void list.wake('value')],
    ['thrown into', (one) => scheduleException('enough', one)],
    ['ended', (one) => end(one)],
  ]
  const cuts = KINDS.flatMap((kind) => cut.map(([how, act]) => [kind, how, act] as const))

  it.each(cuts)(
    'of a %s greenlet that was %s leaves no timer to wake it later',
    (kind, _how, act) =>
      withVirtualClock(
        async (clock) => {
          const list = new WaitList<string>('first')
          const next = new WaitList<string>('next')
          const steps: string[] = []
          const first = () => list.park(undefined, { timeoutMs: 100 }, giveFalse)
          const second = () => next.park(undefined, undefined, giveFalse)
          const one =
            kind === 'async'
              ? schedule(async () => {
                  await first().catch(() => {})
                  steps.push('first over')
                  steps.push(String(await second()))
                })
              : schedule(function* () {
                  try {
                    yield* first()
                  } catch {}
                  steps.push('first over')
                  steps.push(String(yield* second()))
                })
          await clock.advance(50)
          expect(list.size).toBe(1)
          act(one, list)
          await clock.advance(500)
          expect(steps).toEqual(['first over'])
          expect([list.size, next.size, nextDueMs()]).toEqual([0, 1, Infinity])
          expect(one.state).toBe('blocked')
          next.wake('right')
          await one.join()
          expect(steps).toEqual(['first over', 'right'])
        },
        { autojump: false },
      ),
  )

  it.each(KINDS)('of a %s greenlet that is gone gets nothing any more', async (kind) => {
    const back: string[] = []
    const list = new WaitList<string>('test', (value) => back.push(value))
    const start: Wait = () => list.park(undefined, undefined, giveFalse)
    const [gone, stays] = [1, 2].map(() => spawn(kind, undefined!, start, 1)) as [
      Greenlet,
      Greenlet,
    ]
    await pause()
    await pause()
    expect(list.size).toBe(2)
    end(gone)
    await gone.join().catch(() => {})
    expect(list.wake('for who is there')).toBe(true)
    expect(list.wake('for nobody')).toBe(false)
    await stays.join()
    expect(stays.state).toBe('finished')
    expect(back).toEqual([])
  })
})
