import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { pause, schedule } from '@greenhouse/scheduler'
import { withShuffledSchedule } from '@greenhouse/scheduler/testing'
import {
  entriesRun,
  push,
  putBack,
  queueLength,
  setPick,
  type Runnable,
} from '../src/core/run-queue.ts'

const order: (number | string)[] = []
afterEach(() => {
  order.length = 0
})

/** Until everything that was pushed has run. */
const drained = async () => {
  do await new Promise((resolve) => setImmediate(resolve))
  while (queueLength() > 0)
}
const entry = (name: number | string, act: () => boolean | void = () => {}): Runnable => ({
  run() {
    order.push(name)
    return act() === true
  },
})

describe('the run queue', () => {
  it('runs entries in the order in which they were pushed, none at once', async () => {
    for (let i = 0; i < 10; i++) push(entry(i))
    expect(order).toEqual([])
    expect(queueLength()).toBe(10)
    const before = entriesRun()
    await drained()
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(entriesRun() - before).toBe(10)
    expect(queueLength()).toBe(0)
  })

  it('keeps the order when the ring grows, wherever its head is', async () => {
    // 700 entries move the head of the ring of 1024 on; then it grows with its tail wrapped, and again.
    for (let i = 0; i < 700; i++) push(entry('first'))
    await drained()
    order.length = 0
    for (let i = 0; i < 10_000; i++) push(entry(i))
    expect(queueLength()).toBe(10_000)
    await drained()
    expect(order).toEqual(Array.from({ length: 10_000 }, (_, i) => i))
  })

  it('runs what is pushed meanwhile behind everything that waits', async () => {
    push(entry('a', () => push(entry('pushed by a'))))
    push(entry('b', () => push(entry('pushed by b'))))
    push(entry('c'))
    await drained()
    expect(order).toEqual(['a', 'b', 'c', 'pushed by a', 'pushed by b'])
  })

  it('lets the continuation of a promise run before the next entry where one asks for it', async () => {
    const chain = (name: string) =>
      Promise.resolve()
        .then(() => order.push(`${name} 1`))
        .then(() => order.push(`${name} 2`))
        .then(() => void order.push(`${name} 3`))
    push(
      entry('a', () => {
        void chain('a')
        return true
      }),
    )
    push(
      entry('b', () => {
        void chain('b')
      }),
    )
    push(entry('c'))
    await drained()
    expect(order).toEqual(['a', 'a 1', 'a 2', 'a 3', 'b', 'c', 'b 1', 'b 2', 'b 3'])
  })

  it('runs an entry that was put back before the others, after the microtasks', async () => {
    let tries = 0
    const shy: Runnable = {
      run() {
        order.push(`shy ${tries}`)
        if (tries++ > 0) return false
        void Promise.resolve().then(() => order.push('microtask'))
        putBack(shy)
        return true
      },
    }
    push(shy)
    push(entry('other'))
    await drained()
    expect(order).toEqual(['shy 0', 'microtask', 'shy 1', 'other'])
  })

  it('grows when an entry is put back into a full ring', async () => {
    const sizes = [1024, 2048, 4096, 8192, 16_384, 32_768]
    let pushed = 0
    push({
      run() {
        // The ring, whatever its size, holds one entry less.
        for (const size of sizes) {
          while (queueLength() < size - 1) push(entry(pushed++))
          putBack(entry(`before ${size}`))
        }
        return true
      },
    })
    await drained()
    expect(order.splice(0, sizes.length)).toEqual(sizes.map((size) => `before ${size}`).reverse())
    expect(order).toEqual(Array.from({ length: pushed }, (_, i) => i))
  })

  it('behaves as a plain array with any pushes, stops and put-backs', async () => {
    /** What an entry does: how many it pushes, whether it stops the drain, how often it puts itself back. */
    interface Deed {
      readonly pushes: number
      readonly stops: boolean
      readonly backs: number
    }
    const deeds = fc.array(
      fc.record({
        pushes: fc.nat({ max: 3 }),
        stops: fc.boolean(),
        backs: fc.oneof(
          { arbitrary: fc.constant(0), weight: 5 },
          { arbitrary: fc.constant(1), weight: 1 },
        ),
      }),
      { minLength: 1, maxLength: 60 },
    )
    const start = fc.nat({ max: 1500 })
    await fc.assert(
      fc.asyncProperty(deeds, start, async (script, count) => {
        // The model: who runs when, by array.
        const expected: number[] = []
        const model: { id: number; deed: Deed; backs: number }[] = []
        const at = (id: number): Deed => script[id % script.length]!
        let ids = 0
        const add = () => model.push({ id: ids, deed: at(ids), backs: at(ids++).backs })
        for (let i = 0; i < count; i++) add()
        while (model.length > 0) {
          const one = model.shift()!
          expected.push(one.id)
          if (one.backs-- > 0) model.unshift(one)
          else if (ids < 4000) for (let i = 0; i < one.deed.pushes; i++) add()
        }
        order.length = 0
        let made = 0
        const make = (): Runnable => {
          const id = made++
          let { backs } = at(id)
          const one: Runnable = {
            run() {
              order.push(id)
              if (backs-- > 0) {
                putBack(one)
                return true
              }
              if (made < 4000) for (let i = 0; i < at(id).pushes; i++) push(make())
              return at(id).stops
            },
          }
          return one
        }
        for (let i = 0; i < count; i++) push(make())
        await drained()
        expect(order).toEqual(expected)
      }),
      { numRuns: 40 },
    )
  })

  it('runs the entry that is picked, and leaves the others in order', async () => {
    setPick((count) => (count > 2 ? 2 : 0))
    try {
      for (const name of 'abcde') push(entry(name))
      await drained()
    } finally {
      setPick(null)
    }
    expect(order).toEqual(['c', 'd', 'e', 'a', 'b'])
  })

  it('shuffles by seed: the same seed the same order, all of them once', async () => {
    const run = (seed: number) =>
      withShuffledSchedule(seed, async () => {
        const trace: string[] = []
        const worker = function* (name: string) {
          for (let i = 0; i < 3; i++) {
            trace.push(name)
            yield* pause()
          }
        }
        const all = ['a', 'b', 'c', 'd'].map((name) => schedule(worker, name))
        for (const one of all) await one.join()
        return trace.join('')
      })
    const traces = [await run(1), await run(1), await run(2), await run(3), await run(4)]
    expect(traces[0]).toBe(traces[1])
    expect(new Set(traces).size).toBeGreaterThan(2)
    for (const trace of traces) expect(trace.split('').sort().join('')).toBe('aaabbbcccddd')
  })
})
