import { pauseFor, schedule, type Blocking, type Steps } from '@greenhouse/scheduler'
import { map, mapUnordered, OneWayPool, OrderedPool, Pool, type Mapped } from '@greenhouse/pool'
import { expectTypeOf, it } from 'vitest'

it('a pool knows the arguments and the result of its function', () => {
  const asynchronous = new Pool(async (a: number, b: string) => a + b)
  expectTypeOf(asynchronous).toEqualTypeOf<Pool<[a: number, b: string], string>>()
  expectTypeOf<Parameters<typeof asynchronous.put>>().toEqualTypeOf<[a: number, b: string]>()
  expectTypeOf(asynchronous.get()).toEqualTypeOf<Blocking<string>>()
  expectTypeOf(asynchronous.run(1, '')).toEqualTypeOf<Blocking<string>>()
  expectTypeOf(asynchronous.start()).toEqualTypeOf<Pool<[a: number, b: string], string>>()
  const generating = new OrderedPool(function* (ms: number) {
    yield* pauseFor(ms)
    return ms
  })
  expectTypeOf(generating.get()).toEqualTypeOf<Blocking<number>>()
  expectTypeOf(new Pool((n: number) => [n]).get()).toEqualTypeOf<Blocking<number[]>>()
  expectTypeOf(new OneWayPool((n: number) => console.log(n)).run(1)).toEqualTypeOf<Blocking<void>>()
  // @ts-expect-error a string is no number
  void new Pool((n: number) => n).put('1')
})

it('iteration gives the results', async () => {
  const pool = new Pool(async (n: number) => `${n}`)
  for await (const text of pool) expectTypeOf(text).toEqualTypeOf<string>()
  schedule(function* () {
    const step = yield* pool.next()
    if (!step.done) expectTypeOf(step.value).toEqualTypeOf<string>()
  })
})

it('use gives what its function gives', () => {
  const pool = new Pool(async (n: number) => n)
  expectTypeOf(pool.use(async () => 'a')).toEqualTypeOf<Promise<string>>()
  expectTypeOf(pool.use(() => 'a')).toEqualTypeOf<Promise<string>>()
  const steps = pool.use(function* (same) {
    expectTypeOf(same).toEqualTypeOf<Pool<[n: number], number>>()
    return yield* same.get()
  })
  expectTypeOf(steps).toEqualTypeOf<Steps<number>>()
})

it('map knows items and results', () => {
  expectTypeOf(map(async (n: number) => `${n}`, [1])).toEqualTypeOf<Mapped<string>>()
  expectTypeOf(map(fetch, ['https://a/'])).toEqualTypeOf<Mapped<Response>>()
  expectTypeOf(mapUnordered((n) => n.length, ['a'])).toEqualTypeOf<Mapped<number>>()
  const generating = map(
    function* (n: number) {
      yield* pauseFor(n)
      return n
    },
    new Set([1]),
  )
  expectTypeOf(generating.toArray()).toEqualTypeOf<Blocking<number[]>>()
  expectTypeOf(generating).toExtend<AsyncIterable<number>>()
  // @ts-expect-error swapped
  map([1], (n: number) => n)
  // @ts-expect-error a string is no number
  map((n: number) => n, ['1'])
})

it('a generator function that yields where it needs yield* does not compile', () => {
  const wrong = function* () {
    yield pauseFor(1)
  }
  // @ts-expect-error yield of a Blocking
  void new Pool(wrong)
  // @ts-expect-error yield of a Blocking
  void map(wrong, [1])
})
