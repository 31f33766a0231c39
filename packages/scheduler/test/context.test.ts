import { AsyncLocalStorage } from 'node:async_hooks'
import { readFile } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type * as scheduler from '@greenhouse/scheduler'
import {
  end,
  getCurrent,
  mainGreenlet,
  pause,
  pauseFor,
  schedule,
  scheduleAt,
  scheduleIn,
  scheduleRecurring,
  wait,
  withTimeout,
  type Blocking,
  type Greenlet,
} from '@greenhouse/scheduler'
import { giveFalse, WaitList } from '@greenhouse/scheduler/kernel'
import { withVirtualClock } from '@greenhouse/scheduler/testing'

const als = new AsyncLocalStorage<string>()
const parkOn = (list: WaitList<string>) => list.park<string>(undefined, undefined, giveFalse)

/** Calls `look` after each of the waits. */
const kinds: readonly [
  string,
  (waits: readonly (() => Blocking<unknown>)[], look: () => void) => Greenlet,
][] = [
  [
    'generator',
    (waits, look) =>
      schedule(function* () {
        look()
        for (const start of waits) {
          yield* start()
          look()
        }
      }),
  ],
  [
    'async',
    (waits, look) =>
      schedule(async () => {
        look()
        for (const start of waits) {
          await start()
          look()
        }
      }),
  ],
]

describe.each(kinds)("C6 a user's AsyncLocalStorage in a greenlet that is %s", (_kind, make) => {
  it('keeps its value over every kind of wait, apart from that of others', async () => {
    const list = new WaitList<string>('test')
    const seen: string[] = []
    const finished = schedule(() => 1)
    const waits = [
      () => pause(),
      () => pauseFor(1),
      () => wait(Promise.resolve()),
      () => finished.join(),
      () => parkOn(list),
      () => withTimeout(1000, () => pauseFor(1)),
      () => wait(new Promise((resolve) => als.run('resolver', () => setImmediate(resolve)))),
    ]
    const look = (name: string) => () => seen.push(`${name} ${als.getStore()}`)
    const all = ['one', 'two'].map((value) => als.run(value, () => make(waits, look(value))))
    all.push(make(waits, look('none')))
    als.run('waker', () => {
      schedule(function* () {
        for (let woken = 0; woken < 3;) {
          if (list.wake('x')) woken++
          yield* pauseFor(1)
        }
      })
    })
    for (const one of all) await one.join()
    expect(als.getStore()).toBe(undefined)
    expect(seen).toHaveLength(3 * (waits.length + 1))
    expect(new Set(seen)).toEqual(new Set(['one one', 'two two', 'none undefined']))
  })

  it('keeps it where main wakes it in another context', async () => {
    const list = new WaitList<string>('test')
    const seen: unknown[] = []
    const one = als.run('own', () => make([() => parkOn(list)], () => seen.push(als.getStore())))
    await pause()
    als.run('of the waker', () => list.wake('x'))
    await one.join()
    expect(seen).toEqual(['own', 'own'])
  })

  it('keeps it when an exception is thrown in, in its finally block', async () => {
    const seen: unknown[] = []
    const body = [() => pauseFor(1000)]
    const one = als.run('own', () =>
      schedule(function* () {
        const inner = make(body, () => {})
        try {
          yield* inner.join()
        } finally {
          seen.push(als.getStore())
          yield* pause()
          seen.push(als.getStore())
          end(inner)
        }
      }),
    )
    await pause()
    await pause()
    als.run('of the killer', () => end(one))
    await one.join().catch(() => {})
    await pause()
    expect(seen).toEqual(['own', 'own'])
  })

  it('is inherited from who spawned it, also by timers', () =>
    withVirtualClock(async () => {
      const seen: Record<string, unknown> = {}
      const note = (what: string) => () => void (seen[what] = als.getStore())
      const spawner = als.run('inherited', () =>
        make(
          [
            () => pause(),
            () =>
              schedule(async () => {
                schedule(note('grandchild'))
                await pause()
              }).join(),
          ],
          () => {
            schedule(note('child'))
            scheduleIn(1, note('later'))
            scheduleAt(5, note('at a moment'))
          },
        ),
      )
      await spawner.join()
      als.run('recurring', () => scheduleRecurring(10, note('recurring'), { maxTimes: 2 }))
      await pauseFor(100)
      expect(seen).toEqual({
        child: 'inherited',
        grandchild: 'inherited',
        later: 'inherited',
        'at a moment': 'inherited',
        recurring: 'recurring',
      })
    }))

  it('that it enters itself stays inside', async () => {
    const one = als.run('own', () => make([() => pause()], () => als.enterWith('entered')))
    const seen: unknown[] = []
    const other = als.run('other', () => make([() => pause()], () => seen.push(als.getStore())))
    await one.join()
    await other.join()
    expect(seen).toEqual(['other', 'other'])
    expect(als.getStore()).toBe(undefined)
  })
})

describe.each(kinds)('C6 getCurrent in a greenlet that is %s', (_kind, make) => {
  it('is right after each wait, beside others of both kinds', async () => {
    const list = new WaitList<string>('test')
    const wrong: string[] = []
    const waits = [() => pause(), () => pauseFor(1), () => wait(Promise.resolve(1)), () => pause()]
    const all: Greenlet[] = []
    for (let i = 0; i < 3; i++) {
      for (const [, makeOther] of kinds) {
        const one: Greenlet = makeOther(waits, () => {
          if (getCurrent() !== one) wrong.push(`${getCurrent().id} instead of ${one.id}`)
        })
        all.push(one)
      }
    }
    let looks = 0
    const one: Greenlet = make([...waits, () => parkOn(list)], () => {
      looks++
      if (getCurrent() !== one) wrong.push(`${getCurrent().id} instead of ${one.id}`)
    })
    while (!list.wake('x')) await pauseFor(1)
    for (const other of [one, ...all]) await other.join()
    expect(looks).toBe(6)
    expect(wrong).toEqual([])
    expect(getCurrent()).toBe(mainGreenlet)
  })

  it('is that greenlet in callbacks of Node set inside it while it lives, then main', async () => {
    const list = new WaitList<string>('test')
    const later: (() => void)[] = []
    const seen: Record<string, Greenlet> = {}
    const note = (what: string) => () => void (seen[what] = getCurrent())
    const lookWhenDone = async () => {
      await new Promise<void>((resolve) => later.push(resolve))
      note('promise, after')()
    }
    let told = 0
    const one: Greenlet = make([() => parkOn(list)], () => {
      if (told++ > 0) return
      process.nextTick(note('nextTick'))
      queueMicrotask(note('microtask'))
      setImmediate(note('immediate'))
      setTimeout(note('timeout'), 1)
      readFile(import.meta.filename, note('file'))
      void lookWhenDone()
      const after = setInterval(() => {
        if (one.state !== 'finished') return
        note('interval, after')()
        clearInterval(after)
      }, 1)
    })
    while (Object.keys(seen).length < 5) await pauseFor(1)
    expect(Object.values(seen).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5].map(() => one.id))
    list.wake('x')
    await one.join()
    later[0]!()
    while (Object.keys(seen).length < 7) await pauseFor(1)
    expect(seen['promise, after']).toBe(mainGreenlet)
    expect(seen['interval, after']).toBe(mainGreenlet)
  })

  it('is that greenlet for what its callbacks wait for: it ends with it', async () => {
    const list = new WaitList<string>('test')
    const codes: unknown[] = []
    let told = 0
    const one = make([() => pauseFor(1000)], () => {
      if (told++ > 0) return
      setImmediate(() => {
        parkOn(list).catch((error: { code: string }) => codes.push(error.code))
      })
    })
    while (list.size === 0) await pauseFor(1)
    expect(one.blockedOn.map(({ kind }) => kind).sort()).toEqual(['pauseFor', 'test'])
    end(one)
    await one.join().catch(() => {})
    expect(codes).toEqual(['GH_EXIT'])
    expect(list.size).toBe(0)
  })
})

describe('C6 getCurrent', () => {
  it('is the greenlet in nested async helpers, after foreign promises and in parallel branches', async () => {
    const seen: Greenlet[] = []
    const helper = async (depth: number): Promise<void> => {
      await Promise.resolve()
      seen.push(getCurrent())
      if (depth > 0) await helper(depth - 1)
      await new Promise((resolve) => setImmediate(resolve))
      seen.push(getCurrent())
      await pause()
      seen.push(getCurrent())
    }
    const bodies = [1, 2].map(() => schedule(async () => Promise.all([helper(2), helper(1)])))
    for (const one of bodies) await one.join()
    expect(seen).toHaveLength(2 * 15)
    expect(seen.filter((one) => one === bodies[0])).toHaveLength(15)
    expect(seen.filter((one) => one === bodies[1])).toHaveLength(15)
  })

  it('is main at the top, after joins, and in callbacks set outside', async () => {
    const seen: Greenlet[] = [getCurrent()]
    const one = schedule(async () => pauseFor(1))
    setTimeout(() => seen.push(getCurrent()), 1)
    seen.push(getCurrent())
    await one.join()
    seen.push(getCurrent())
    await Promise.all([pause(), new Promise((resolve) => setTimeout(resolve, 2))])
    seen.push(getCurrent())
    await one.join().then(() => seen.push(getCurrent()))
    expect(seen).toEqual([0, 1, 2, 3, 4, 5].map(() => mainGreenlet))
    expect(mainGreenlet.state).toBe('running')
  })

  it('is main where main awaits a promise that a greenlet resolves', async () => {
    let resolve!: () => void
    const promise = new Promise<void>((fulfil) => (resolve = fulfil))
    schedule(async () => {
      await pause()
      resolve()
    })
    await promise
    expect(getCurrent()).toBe(mainGreenlet)
  })

  it('is the spawner of a greenlet that outlives it no longer once that has finished', async () => {
    let outer!: Greenlet
    const list = new WaitList<string>('test')
    const seen: Greenlet[] = []
    const inner = await schedule(async () => {
      outer = getCurrent()
      return [
        schedule(async () => {
          setTimeout(() => {
            if (one.state === 'finished') seen.push(getCurrent())
          }, 5)
          await parkOn(list)
        }),
      ]
    }).join()
    const one = inner[0]!
    expect(outer.state).toBe('finished')
    await pause()
    list.wake('x')
    await one.join()
    while (seen.length === 0) await pauseFor(1)
    expect(seen).toEqual([mainGreenlet])
  })
})

// Contexts are made by the first greenlet that may need one: each of these tests has a kernel of its own.
describe('C6 greenlets from before the first context', () => {
  let fresh: typeof scheduler
  let contextsExist: () => boolean
  beforeEach(async () => {
    vi.resetModules()
    fresh = await import('@greenhouse/scheduler')
    ;({ contextsExist } = await import('../src/core/context.ts'))
  })
  afterEach(() => vi.resetModules())

  const triggers: [string, () => Greenlet][] = [
    ['an async greenlet', () => fresh.schedule(async () => fresh.pause())],
    ['a plain greenlet', () => fresh.schedule(() => 1)],
    [
      'a generator that waits for a promise',
      () =>
        fresh.schedule(function* () {
          yield* fresh.wait(Promise.resolve())
        }),
    ],
  ]

  it.each(triggers)('get theirs when %s starts', async (_what, start) => {
    const wrong: string[] = []
    const callbacks: Promise<void>[] = []
    let turns = 0
    const expectToBe = (what: string, name: string, one: Greenlet) => {
      turns++
      const current = fresh.getCurrent()
      if (current !== one) wrong.push(`${name}, ${what}: ${current.name}, not ${one.name}`)
      if (als.getStore() !== name) wrong.push(`${name}, ${what}: ${als.getStore()}`)
    }
    const look = (name: string, one: Greenlet) => {
      expectToBe('step', name, one)
      if (!contextsExist()) return
      callbacks.push(
        new Promise((resolve) => {
          setImmediate(() => {
            expectToBe('callback', name, one)
            resolve()
          })
        }),
      )
    }
    const many = function* (name: string) {
      const me = fresh.getCurrent()
      for (let i = 0; i < 6; i++) {
        look(name, me)
        yield* fresh.pauseFor(1)
      }
    }
    const inScope = function* (name: string) {
      yield* fresh.withTimeout(10_000, function* () {
        yield* many(name)
      })
    }
    const parked = als.run('parked', () => fresh.schedule(many, 'parked'))
    const scoped = als.run('scoped', () => fresh.schedule(inScope, 'scoped'))
    await fresh.pause()
    expect(contextsExist()).toBe(false)
    const trigger = als.run('trigger', start)
    const initial = als.run('initial', () => fresh.schedule(many, 'initial'))
    const all = { parked, scoped, trigger, initial }
    for (const [name, one] of Object.entries(all)) one.name = name
    for (const one of Object.values(all)) await one.join()
    await Promise.all(callbacks)
    expect(contextsExist()).toBe(true)
    expect(turns).toBeGreaterThan(18 + 9)
    expect(wrong).toEqual([])
    expect(fresh.getCurrent()).toBe(fresh.mainGreenlet)
    expect(als.getStore()).toBe(undefined)
  })

  it('get it at once, in the step in which they wait for a promise', async () => {
    let seen: Greenlet | undefined
    const one = fresh.schedule(function* () {
      expect(contextsExist()).toBe(false)
      const waiting = fresh.wait(new Promise((resolve) => setImmediate(resolve)))
      setImmediate(() => (seen = fresh.getCurrent()))
      yield* waiting
      yield* fresh.pauseFor(1)
    })
    await one.join()
    expect(seen).toBe(one)
  })

  it('that only pause do without any', async () => {
    const one = fresh.schedule(function* () {
      yield* fresh.pause()
      yield* fresh.pauseFor(1)
      return fresh.getCurrent()
    })
    expect(await one.join()).toBe(one)
    expect(contextsExist()).toBe(false)
  })
})
