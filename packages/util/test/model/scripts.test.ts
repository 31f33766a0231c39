// Random programs of 2 to 8 greenlets, generators and async ones mixed, that use one primitive for a while, and are ended, thrown
// into, timed out and aborted at any moment, in the usual order or a shuffled one. What must hold at every moment is checked
// where it must hold; in the end nobody waits, nothing is held, and no timer is left.
import {
  end,
  getCurrent,
  pause,
  pauseFor,
  schedule,
  scheduleException,
  statistics,
} from '@greenhouse/scheduler'
import type { Greenlet, Steps } from '@greenhouse/scheduler'
import { withShuffledSchedule, withVirtualClock } from '@greenhouse/scheduler/testing'
import { Channel, Condition, Lock, Queue, RLock, Semaphore } from '@greenhouse/util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inAsync, inSteps, type Script } from '../flows.ts'
import { SCRIPT_RUNS, seeded, TIMEOUT_MS } from './engine.ts'

interface Program {
  /** For each greenlet: whether it is a generator, and numbers that steer its script. */
  readonly greenlets: readonly { readonly steps: boolean; readonly numbers: readonly number[] }[]
  readonly troubles: readonly {
    readonly at: number
    readonly who: number
    readonly how: 'end' | 'exception' | 'abort'
  }[]
  readonly shuffle: number | undefined
}

const programs: fc.Arbitrary<Program> = fc.record({
  greenlets: fc.array(
    fc.record({
      steps: fc.boolean(),
      numbers: fc.array(fc.nat(999), { minLength: 3, maxLength: 12, size: 'max' }),
    }),
    { minLength: 2, maxLength: 8, size: 'max' },
  ),
  troubles: fc.array(
    fc.record({
      at: fc.nat(25),
      who: fc.nat(7),
      how: fc.constantFrom('end' as const, 'exception' as const, 'abort' as const),
    }),
    { maxLength: 12, size: 'max' },
  ),
  shuffle: fc.option(fc.nat(1000), { nil: undefined }),
})

/** One use of a primitive: a script for each greenlet, and what must hold when all are over. */
interface Play {
  script(numbers: readonly number[], options: { timeoutMs: number; signal: AbortSignal }): Script
  over(): void
}

function plays(title: string, make: () => Play): void {
  it(title, { timeout: TIMEOUT_MS }, async () => {
    await withVirtualClock(
      async (clock) => {
        const property = fc.asyncProperty(programs, async (program) => {
          const run = () => perform(program, make(), (ms) => clock.advance(ms))
          await (program.shuffle === undefined ? run() : withShuffledSchedule(program.shuffle, run))
        })
        await fc.assert(property, seeded(SCRIPT_RUNS))
      },
      { autojump: false },
    )
  })
}

async function perform(
  program: Program,
  play: Play,
  advance: (ms: number) => Promise<void>,
): Promise<void> {
  const before = statistics()
  const errors: unknown[] = []
  const controllers = program.greenlets.map(() => new AbortController())
  const greenlets: Greenlet<unknown>[] = program.greenlets.map(({ steps, numbers }, at) => {
    const script = () =>
      play.script(numbers, { timeoutMs: (numbers[0] ?? 0) % 12, signal: controllers[at]!.signal })
    return steps ? schedule(inSteps, script) : schedule(inAsync, script)
  })
  const ends = greenlets.map((greenlet) =>
    greenlet.join().then(undefined, (error: { code?: string; message: string }) => {
      if (error.code !== 'GH_EXIT' && error.message !== 'trouble') errors.push(error)
    }),
  )
  for (let turn = 0; turn <= 25; turn++) {
    for (const { at, who, how } of program.troubles)
      if (at === turn) trouble(who % greenlets.length, how)
    await advance(turn % 3 === 0 ? 1 : 0)
  }
  for (let i = 0; i < 50 && greenlets.some(isLiving); i++) {
    for (const greenlet of greenlets) end(greenlet)
    await advance(1001)
  }
  await Promise.all(ends)
  expect(errors).toEqual([])
  play.over()
  expect(statistics()).toMatchObject({
    timers: before.timers,
    greenlets: before.greenlets,
    ready: 0,
  })

  function trouble(who: number, how: 'end' | 'exception' | 'abort'): void {
    const greenlet = greenlets[who]!
    if (how === 'abort') controllers[who]!.abort(new Error('trouble'))
    else if (how === 'end') end(greenlet)
    else if (isLiving(greenlet)) scheduleException(new Error('trouble'), greenlet)
  }
}

function isLiving(greenlet: Greenlet): boolean {
  return ['initial', 'ready', 'running', 'blocked'].includes(greenlet.state)
}

function* idle(n: number): Script {
  if (n % 4 === 3) yield () => pauseFor(n % 5)
  else for (let i = n % 4; i > 0; i--) yield () => pause()
}

describe('scripts', () => {
  for (const Kind of [Lock, RLock]) {
    plays(`${Kind.name} lets one in at a time`, () => {
      const lock = new Kind()
      let inside: Greenlet | null = null
      return {
        *script(numbers, { timeoutMs, signal }) {
          for (const n of numbers) {
            const options = n % 3 === 0 ? { timeoutMs } : n % 3 === 1 ? { signal } : undefined
            if (!((yield () => lock.acquire(options)) as boolean)) continue
            try {
              expect([inside, lock.holder]).toEqual([null, getCurrent()])
              inside = getCurrent()
              yield* idle(n)
              if (Kind === RLock) {
                if ((yield () => lock.acquire({ timeoutMs: 0 })) as boolean) lock.release()
                yield* idle(n >> 2)
              }
              expect(inside).toBe(getCurrent())
            } finally {
              inside = null
              lock.release()
            }
          }
        },
        over: () => expect(lock.statistics()).toMatchObject({ locked: false, waiting: 0 }),
      }
    })
  }

  plays('Semaphore.run lets no more in than there are permits', () => {
    const semaphore = new Semaphore(2)
    let inside = 0
    function* stepsInside(n: number): Steps<void> {
      expect(++inside).toBeLessThanOrEqual(2)
      try {
        for (let i = n % 4; i > 0; i--) yield* pause()
      } finally {
        inside--
      }
    }
    async function asyncInside(n: number): Promise<void> {
      expect(++inside).toBeLessThanOrEqual(2)
      try {
        for (let i = n % 4; i > 0; i--) await pause()
      } finally {
        inside--
      }
    }
    return {
      *script(numbers, { timeoutMs, signal }) {
        for (const n of numbers) {
          const options = n % 3 === 0 ? { timeoutMs } : n % 3 === 1 ? { signal } : undefined
          try {
            if (n % 2 === 0) {
              yield () =>
                semaphore.run(function* () {
                  yield* stepsInside(n)
                }, options)
            } else yield () => semaphore.run(() => asyncInside(n), options)
          } catch (error) {
            if ((error as { code?: string }).code !== 'GH_TIMEOUT') throw error
          }
        }
      },
      over: () => expect([inside, semaphore.statistics()]).toEqual([0, { value: 2, waiting: 0 }]),
    }
  })

  for (const Kind of [Lock, RLock]) {
    plays(`Condition on a ${Kind.name} has the lock again however its wait ends`, () => {
      const cond = new Condition(new Kind())
      const room: number[] = []
      let inside: Greenlet | null = null
      let put = 0
      let got = 0
      const enter = () => {
        expect([inside, cond.holder]).toEqual([null, getCurrent()])
        inside = getCurrent()
      }
      return {
        *script(numbers, { timeoutMs, signal }) {
          for (const n of numbers) {
            const options = n % 3 === 0 ? { timeoutMs } : n % 3 === 1 ? { signal } : undefined
            yield () => cond.acquire()
            enter()
            try {
              const producing = n % 2 === 0
              while (producing ? room.length > 1 : room.length === 0) {
                inside = null
                let woken = false
                try {
                  woken = (yield () => cond.wait(options)) as boolean
                } finally {
                  enter()
                }
                if (!woken) break
              }
              if (producing) room.push(++put)
              else if (room.length > 0) {
                expect(room.shift()).toBe(++got)
              }
              if (n % 5 === 0) cond.notifyAll()
              else cond.notify()
              yield* idle(n)
            } finally {
              expect(inside).toBe(getCurrent())
              inside = null
              cond.release()
            }
          }
        },
        over: () => {
          expect(put - got).toBe(room.length)
          expect(cond.statistics()).toEqual({ locked: false, waiting: 0 })
        },
      }
    })
  }

  const EXCHANGES = {
    Queue: () => new Queue<number>(2),
    'Queue without limit': () => new Queue<number>(),
    Channel: () => new Channel<number>(),
  }
  for (const [name, make] of Object.entries(EXCHANGES)) {
    plays(`${name} loses nothing and gives nothing twice`, () => {
      const queue = make()
      const certainly = new Set<number>()
      const perhaps = new Set<number>()
      const got: number[] = []
      let last = 0
      return {
        *script(numbers, { timeoutMs, signal }) {
          for (const n of numbers) {
            const options = n % 3 === 0 ? { timeoutMs } : n % 3 === 1 ? { signal } : undefined
            try {
              if (n % 2 === 0) {
                const item = ++last
                perhaps.add(item)
                yield () => queue.put(item, options)
                certainly.add(item)
              } else if (n % 5 === 0)
                got.push(...((yield () => queue.getMany(2, options)) as number[]))
              else got.push((yield () => queue.get(options)) as number)
            } catch (error) {
              if (!['GH_FULL', 'GH_EMPTY'].includes((error as { code: string }).code)) throw error
            }
            yield* idle(n)
          }
        },
        over: () => {
          while (!queue.empty) got.push(queue.tryGet(-1))
          expect(new Set(got).size).toBe(got.length)
          for (const item of got) expect(perhaps.has(item)).toBe(true)
          for (const item of certainly) expect(got).toContain(item)
          expect(queue.statistics()).toMatchObject({ getters: 0, putters: 0 })
        },
      }
    })
  }
})
