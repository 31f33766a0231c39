import { end, getCurrent, pauseFor, schedule, type Greenlet } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { map, mapUnordered, type Mapped } from '@greenhouse/pool'
import { describe, expect, it } from 'vitest'
import { failing, kindsOf, range, settle } from './jobs.ts'

const INVALID = failing('GH_INVALID_ARGUMENT') as Error
const sorted = (all: number[]) => all.toSorted((a, b) => a - b)
async function* later<T>(items: Iterable<T>) {
  for (const item of items) {
    await pauseFor(1)
    yield item
  }
}
function* forever() {
  for (let n = 0; ; n++) yield n
}
function* collect<T>(mapped: Mapped<T>) {
  const all: T[] = []
  for (let step = yield* mapped.next(); !step.done; step = yield* mapped.next())
    all.push(step.value)
  return all
}
async function loop<T>(mapped: Mapped<T>) {
  const all: T[] = []
  for await (const one of mapped) all.push(one)
  return all
}

describe.each([
  ['map', map],
  ['mapUnordered', mapUnordered],
])('%s', (name, mapping) => {
  const kinds = kindsOf(
    (n) => n * n,
    (n) => (n * 7) % 5,
  )
  const squares = range(30).map((n) => n * n)
  const inOrder = (all: number[]) => (name === 'map' ? all : sorted(all))

  it.each(kinds)('calls the function for each item of whatever iterable: %s', async (_, fn) => {
    const sources: [string, () => Iterable<number> | AsyncIterable<number>][] = [
      ['array', () => range(30)],
      ['set', () => new Set(range(30))],
      ['generator', () => new Set(range(30)).values()],
      ['async generator', () => later(range(30))],
      ['another map', () => map((n: number) => n, range(30))],
    ]
    const ways: [string, (mapped: Mapped<number>) => Promise<number[]>][] = [
      ['for await', loop],
      ['generator greenlet', async (mapped) => schedule(collect<number>, mapped).join()],
      ['async greenlet', async (mapped) => schedule(loop<number>, mapped).join()],
      ['toArray', async (mapped) => mapped.toArray()],
    ]
    await withVirtualClock(async () => {
      for (const [source, items] of sources) {
        for (const [way, take] of ways) {
          for (const concurrency of [1, 4, Infinity]) {
            const all = await take(mapping<number, number>(fn, items(), { concurrency }))
            expect(inOrder(all), `${source}, ${way}, ${concurrency}`).toEqual(squares)
          }
        }
      }
    })
  })

  it('gives nothing for empty input', async () => {
    for (const items of [[], '', new Set<never>(), later([])]) {
      expect(await mapping((x: unknown) => typeof x, items as []).toArray()).toEqual([])
    }
    expect(await loop(mapping(() => 1, []))).toEqual([])
    expect(
      await schedule(
        collect<number>,
        mapping(() => 1, []),
      ).join(),
    ).toEqual([])
  })

  it('works over what has no end', async () => {
    for (const [kind, fn] of kinds) {
      await withVirtualClock(async () => {
        const seen: number[] = []
        for await (const square of mapping<number, number>(fn, forever(), { concurrency: 3 })) {
          if (seen.push(square) === 20) break
        }
        expect(seen, kind).toHaveLength(20)
        if (name === 'map') expect(seen, kind).toEqual(squares.slice(0, 20))
      })
    }
  })

  it('is lazy: takes no item and starts nothing before the first result is asked for', async () => {
    let taken = 0
    const items = (function* () {
      for (;;) yield ++taken
    })()
    const mapped = mapping((n: number) => n, items)
    mapped[Symbol.asyncIterator]()
    await settle()
    expect(taken).toBe(0)
    await mapped.return()
    expect(taken).toBe(0)
    expect(items.next().value).toBe(1)
  })

  it('takes items ahead of a slow consumer only within its concurrency', async () => {
    for (const [kind, fn] of kindsOf((n) => n)) {
      await withVirtualClock(async () => {
        let taken = 0
        const items = (function* () {
          for (;;) yield taken++
        })()
        let given = 0
        for await (const _ of mapping<number, number>(fn, items, { concurrency: 3 })) {
          given++
          await pauseFor(10)
          await settle()
          expect(taken - given, kind).toBe(3)
          if (given === 8) break
        }
      })
    }
  })

  it('runs as many calls at once as allowed, and no more', async () => {
    await withVirtualClock(async (clock) => {
      let running = 0
      let most = 0
      const slow = async (n: number) => {
        most = Math.max(most, ++running)
        await pauseFor(10)
        running--
        return n
      }
      expect(inOrder(await mapping(slow, range(20), { concurrency: 4 }).toArray())).toEqual(
        range(20),
      )
      expect([most, clock.now()]).toEqual([4, 50])
      await mapping(slow, range(20)).toArray()
      expect([most, clock.now()]).toEqual([10, 70])
      await mapping(slow, later(range(20)), { size: 20 }).toArray()
      expect(clock.now()).toBe(100)
      await mapping(slow, range(50), { concurrency: Infinity }).toArray()
      expect([most, clock.now()]).toEqual([50, 110])
    })
  })

  it('asks an async iterable for one item at a time', async () => {
    await withVirtualClock(async () => {
      let asked = 0
      let n = 0
      const items = {
        [Symbol.asyncIterator]: () => ({
          async next() {
            expect(++asked).toBe(1)
            await pauseFor(3)
            asked--
            return n < 9
              ? { done: false as const, value: n++ }
              : { done: true as const, value: undefined }
          },
        }),
      }
      expect(inOrder(await mapping((x: number) => x, items).toArray())).toEqual(range(9))
    })
  })

  it('goes on by toArray after some results', async () => {
    await withVirtualClock(async () => {
      const slow = async (n: number) => {
        await pauseFor(n === 1 ? 50 : 10)
        return n
      }
      const mapped = mapping(slow, range(9), { concurrency: 3 })
      expect((await mapped.next()).value).toBe(0)
      await pauseFor(20)
      expect(sorted(await mapped.toArray())).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      expect(await mapped.toArray()).toEqual([])
      expect(await mapped.next()).toEqual({ done: true, value: undefined })
      const again = mapping(slow, range(9), { concurrency: 3 })
      await again.next()
      await pauseFor(20)
      expect(inOrder(await again.toArray())).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    })
  })

  it('serves several consumers, each item once', async () => {
    await withVirtualClock(async () => {
      const mapped = mapping(
        async (n: number) => {
          await pauseFor(n % 3)
          return n
        },
        range(20),
        { concurrency: 4 },
      )
      const consumers = range(3).map(() => schedule(loop<number>, mapped))
      const all = await Promise.all(consumers.map((consumer) => consumer.join()))
      expect(sorted(all.flat())).toEqual(range(20))
    })
  })

  it('hands the function the item alone', async () => {
    const lengths = await mapping((...args: unknown[]) => args.length, range(3)).toArray()
    expect(lengths).toEqual([1, 1, 1])
  })

  it('calls in greenlets, in the async context of the consumer', async () => {
    const { AsyncLocalStorage } = await import('node:async_hooks')
    const storage = new AsyncLocalStorage<string>()
    const seen = await storage.run('mine', async () =>
      mapping(
        async () => [getCurrent(), storage.getStore()] as [Greenlet, string],
        range(3),
      ).toArray(),
    )
    expect(seen.map(([, store]) => store)).toEqual(['mine', 'mine', 'mine'])
    expect(new Set(seen.map(([greenlet]) => greenlet.id)).size).toBe(3)
  })

  it('refuses swapped and wrong arguments', () => {
    const wrong = mapping as (...args: unknown[]) => unknown
    expect(() => wrong([1, 2], (n: number) => n)).toThrow(`swapped: \`${name}(fn, items)\``)
    expect(() => wrong([1, 2], (n: number) => n)).toThrow(INVALID)
    expect(() => wrong((n: number) => n, 5)).toThrow(
      'Expected `items` to be an iterable or async iterable, got `5`',
    )
    expect(() => wrong((n: number) => n, null)).toThrow(INVALID)
    expect(() => wrong(undefined, [1])).toThrow(INVALID)
    expect(() => wrong(async function* () {}, [1])).toThrow(INVALID)
    expect(() => wrong((n: number) => n, [1], 5)).toThrow(INVALID)
    expect(() => wrong((n: number) => n, [1], { concurrency: 0 })).toThrow(INVALID)
    expect(() => wrong((n: number) => n, [1], { concurrency: 1, size: 2 })).toThrow(INVALID)
  })
})

describe('order', () => {
  const sleep = async (ms: number) => {
    await pauseFor(ms)
    return ms
  }

  it('of map is that of the items, of mapUnordered that of completion', async () => {
    await withVirtualClock(async () => {
      expect(await map(sleep, [30, 10, 20]).toArray()).toEqual([30, 10, 20])
      expect(await loop(map(sleep, [30, 10, 20]))).toEqual([30, 10, 20])
      expect(await mapUnordered(sleep, [30, 10, 20]).toArray()).toEqual([10, 20, 30])
      expect(await loop(mapUnordered(sleep, [30, 10, 20]))).toEqual([10, 20, 30])
    })
  })

  it('of concurrent getters of map is kept', async () => {
    await withVirtualClock(async () => {
      const mapped = map(sleep, [30, 10, 20])
      const steps = await Promise.all([mapped.next(), mapped.next(), mapped.next(), mapped.next()])
      expect(steps.map(({ value }) => value)).toEqual([30, 10, 20, undefined])
    })
  })
})

it('leaves the event loop its turns while it has no end of things to do', async () => {
  for (const fn of [
    (n: number) => n,
    async (n: number) => n,
    function* (n: number) {
      if (n < 0) yield* pauseFor(1)
      return n
    },
  ]) {
    for (const take of [loop<number>, (mapped: Mapped<number>) => mapped.toArray()]) {
      const consumer = schedule(async () => take(map(fn as (n: number) => number, forever())))
      setImmediate(() => end(consumer))
      await expect(consumer.join()).rejects.toEqual(failing('GH_EXIT'))
    }
  }
})
