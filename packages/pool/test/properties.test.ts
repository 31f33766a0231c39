import { end, pauseFor, schedule } from '@greenhouse/scheduler'
import { withShuffledSchedule, withVirtualClock } from '@greenhouse/scheduler/testing'
import { map, mapUnordered, OrderedPool, Pool } from '@greenhouse/pool'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Deque } from '../src/deque.ts'
import { kindsOf, settle } from './jobs.ts'

interface Item {
  readonly id: number
  readonly ms: number
  readonly fails: boolean
}

const items = (mayFail: boolean) =>
  fc
    .array(fc.record({ ms: fc.nat(20), fails: mayFail ? fc.boolean() : fc.constant(false) }), {
      maxLength: 25,
    })
    .map((all) => all.map((item, id): Item => ({ id, ...item })))
const concurrency = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(Infinity))
const kind = fc.nat(4)
const seed = fc.nat(1_000_000)

/** One of the kinds of functions, over items. */
function jobOf(which: number, all: readonly Item[]): (item: Item) => Promise<number> {
  const kinds = kindsOf(
    (id) => {
      if (all[id]!.fails) throw new Error(`item ${id}`)
      return id * 2
    },
    (id) => all[id]!.ms,
  )
  const job = kinds[which]![1] as (id: number) => unknown
  // The generator function has to be one itself.
  if (kinds[which]![0] !== 'generator') return (({ id }: Item) => job(id)) as never
  return function* ({ id }: Item) {
    return yield* job(id) as Iterable<never>
  } as never
}

function* lazily(all: readonly Item[]) {
  yield* all
}
async function* asynchronously(all: readonly Item[]) {
  for (const item of all) {
    await pauseFor(item.ms % 3)
    yield item
  }
}
const sources = [(all: Item[]) => all, lazily, asynchronously]

it('map gives what Promise.all gives, in order, or an error of one of the items', async () => {
  await fc.assert(
    fc.asyncProperty(
      items(true),
      concurrency,
      kind,
      fc.nat(2),
      fc.boolean(),
      fc.boolean(),
      async (...drawn) => {
        const [all, limit, which, source, ordered, array] = drawn
        await withVirtualClock(async () => {
          const wanted = await Promise.all(all.map(jobOf(0, all))).catch(() => 'failed')
          const mapping = ordered ? map : mapUnordered
          const mapped = mapping(jobOf(which, all), sources[source]!(all) as Item[], {
            concurrency: limit,
          })
          const got: number[] = []
          try {
            if (array) got.push(...(await mapped.toArray()))
            else for await (const one of mapped) got.push(one)
          } catch (error) {
            expect(wanted).toBe('failed')
            const failed = all.filter(
              (item) => `item ${item.id}` === (error as Error).message && item.fails,
            )
            expect(failed).toHaveLength(1)
            if (ordered) expect(got).toEqual(all.slice(0, got.length).map(({ id }) => id * 2))
            return
          }
          expect(ordered ? got : got.toSorted((a, b) => a - b)).toEqual(wanted)
        })
      },
    ),
    { numRuns: 150 },
  )
})

it('map stays within its concurrency, in calls and in items taken ahead', async () => {
  await fc.assert(
    fc.asyncProperty(
      items(false),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      seed,
      async (...drawn) => {
        const [all, limit, ordered, shuffle] = drawn
        await withVirtualClock(async () =>
          withShuffledSchedule(shuffle, async () => {
            let running = 0
            let taken = 0
            let given = 0
            const counted = function* () {
              for (const item of all) {
                taken++
                yield item
              }
            }
            const job = async ({ ms }: Item) => {
              expect(++running).toBeLessThanOrEqual(limit)
              await pauseFor(ms)
              running--
            }
            for await (const _ of (ordered ? map : mapUnordered)(job, counted(), {
              concurrency: limit,
            })) {
              given++
              if (given % 3 === 0) await pauseFor(7)
              expect(taken - given).toBeLessThanOrEqual(limit)
            }
            expect(given).toBe(all.length)
          }),
        )
      },
    ),
    { numRuns: 100 },
  )
})

it('pools give each outcome once, whoever is ended while waiting', async () => {
  await fc.assert(
    fc.asyncProperty(
      items(true),
      fc.integer({ min: 1, max: 4 }),
      kind,
      fc.boolean(),
      fc.array(fc.nat(30), { maxLength: 10 }),
      fc.integer({ min: 0, max: 5 }),
      seed,
      async (all, limit, which, ordered, endings, maxQueued, shuffle) => {
        await withVirtualClock(async () =>
          withShuffledSchedule(shuffle, async () => {
            const Kind = ordered ? OrderedPool : Pool
            const pool = new Kind(jobOf(which, all), { concurrency: limit, maxQueued }).start()
            const got: unknown[] = []
            const getter = function* () {
              for (;;) {
                try {
                  got.push(yield* pool.get())
                } catch (error) {
                  const { code, message } = error as Error & { code?: string }
                  if (code === 'GH_CLOSED') return
                  if (code !== undefined) throw error
                  got.push(message)
                }
              }
            }
            const asyncGetter = async () => {
              for await (const value of { [Symbol.asyncIterator]: () => ({ next: nextOf }) })
                got.push(value)
            }
            const nextOf = async () =>
              pool.next().catch((error: Error & { code?: string }) => {
                if (error.code !== undefined) throw error
                return { done: false as const, value: error.message }
              })
            // An error that is handed to a generator in the instant in which it is ended has no way back.
            const endable = (all.some(({ fails }) => fails) ? asyncGetter : getter) as typeof getter
            const getters = [endable, endable, asyncGetter as never, getter].map((one) =>
              schedule(one),
            )
            const putter = schedule(async () => {
              for (const item of all) await pool.put(item)
            })
            for (const ms of endings) {
              await pauseFor(ms % 5)
              const victim = getters[ms % 3]!
              end(victim)
              getters[ms % 3] = schedule(ms % 2 === 0 ? endable : (asyncGetter as never))
            }
            await putter.join()
            await pool.close()
            await settle()
            const wanted = all.map(({ id, fails }) => (fails ? `item ${id}` : id * 2))
            expect(got.map(String).sort()).toEqual(wanted.map(String).sort())
            expect(pool.closed).toBe(true)
            expect(pool.statistics()).toMatchObject({
              workers: 0,
              running: 0,
              queued: 0,
              waitingGets: 0,
            })
          }),
        )
      },
    ),
    { numRuns: 200 },
  )
})

it('the deque behaves as an array does', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push'), n: fc.nat() }),
    fc.record({ kind: fc.constant('unshift'), n: fc.nat() }),
    fc.record({ kind: fc.constant('shift'), n: fc.constant(0) }),
    fc.record({ kind: fc.constant('clear'), n: fc.nat(20) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const deque = new Deque<number>()
      let model: number[] = []
      for (const { kind, n } of steps) {
        if (kind === 'push' || kind === 'unshift') {
          deque[kind](n)
          model[kind](n)
        } else if (kind === 'shift' && model.length > 0) {
          expect(deque.shift()).toBe(model.shift())
        } else if (kind === 'clear' && n === 0) {
          deque.clear()
          model = []
        }
        expect(deque.length).toBe(model.length)
      }
    }),
  )
})
