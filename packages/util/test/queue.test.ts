import { end, pause, schedule } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { LifoQueue, PriorityQueue, Queue } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { cancelTable, coded, KINDS, outcome, settled, waiter } from './flows.ts'

const THREE = { Queue, LifoQueue, PriorityQueue }

for (const [name, Kind] of Object.entries(THREE)) {
  describe(name, () => {
    for (const kind of KINDS) {
      it(`U34 get blocks until a put; the putter goes on (${kind})`, async () => {
        const queue = new Kind<number>()
        const getter = waiter(kind, () => queue.get())
        await settled()
        expect(getter.state).toBe('blocked')
        expect(await waiter(kind, () => queue.put(7)).join()).toBe(undefined)
        expect(await getter.join()).toBe(7)
      })

      it(`U38 put on a full queue blocks until a get (${kind})`, async () => {
        const queue = new Kind<number>(1)
        await queue.put(1)
        const putter = waiter(kind, () => queue.put(2))
        await settled()
        expect(putter.state).toBe('blocked')
        expect(await queue.get()).toBe(1)
        expect(await putter.join()).toBe(undefined)
        expect(await queue.get()).toBe(2)
      })

      it(`U40 join blocks through get and returns after taskDone (${kind})`, async () => {
        const queue = new Kind<number>()
        await queue.put(1)
        const joiner = waiter(kind, () => queue.join())
        await queue.get()
        await settled()
        expect(joiner.state).toBe('blocked')
        queue.taskDone()
        expect(await joiner.join()).toBe(true)
      })
    }

    it('U35 get on an empty queue gives GH_EMPTY without waiting, and tryGet gives what one wants', async () => {
      const queue = new Kind<number | undefined>()
      expect(await outcome(queue.get({ timeoutMs: 0 }))).toBe('GH_EMPTY')
      const none = Symbol('none')
      expect(queue.tryGet()).toBe(undefined)
      expect(queue.tryGet(none)).toBe(none)
      queue.tryPut(undefined)
      expect(queue.tryGet(none)).toBe(undefined)
    })

    it('U36 put on a full queue gives GH_FULL without waiting, and tryPut false', async () => {
      const queue = new Kind<number>(1)
      expect(queue.tryPut(1)).toBe(true)
      expect(queue.tryPut(2)).toBe(false)
      expect(await outcome(queue.put(2, { timeoutMs: 0 }))).toBe('GH_FULL')
      expect(queue.size).toBe(1)
    })

    it('U37 takes exactly maxSize items without blocking', async () => {
      const queue = new Kind<number>(5)
      for (let n = 0; n < 5; n++)
        expect(await outcome(queue.put(n, { timeoutMs: 0 }))).toBe(undefined)
      expect(await outcome(queue.put(5, { timeoutMs: 0 }))).toBe('GH_FULL')
    })

    it('U39 get gives GH_EMPTY, put GH_FULL when the time is up', async () => {
      await withVirtualClock(async (clock) => {
        const queue = new Kind<number>(1)
        expect(await outcome(queue.get({ timeoutMs: 30 }))).toBe('GH_EMPTY')
        expect(clock.now()).toBe(30)
        await queue.put(1)
        expect(await outcome(queue.put(2, { timeoutMs: 30 }))).toBe('GH_FULL')
        expect(clock.now()).toBe(60)
        expect(queue.statistics()).toMatchObject({ size: 1, getters: 0, putters: 0 })
      })
    })

    it('U41 refuses a surplus taskDone', async () => {
      const queue = new Kind<number>()
      expect(() => queue.taskDone()).toThrow(coded('GH_INVALID_STATE') as Error)
      await queue.put(1)
      queue.taskDone()
      expect(() => queue.taskDone()).toThrow(coded('GH_INVALID_STATE') as Error)
    })

    it('U42 U43 U44 empty, full and size follow put and get', async () => {
      const queue = new Kind<number>(2)
      const look = () => [queue.empty, queue.full, queue.size]
      expect(look()).toEqual([true, false, 0])
      await queue.put(1)
      expect(look()).toEqual([false, false, 1])
      await queue.put(2)
      expect(look()).toEqual([false, true, 2])
      await queue.get()
      await queue.get()
      expect(look()).toEqual([true, false, 0])
      expect(new Kind().full).toBe(false)
    })

    it('Q1 Q6 join gives false on time-out, true at once when never used, and works again', async () => {
      await withVirtualClock(async () => {
        const queue = new Kind<number>()
        expect(await queue.join()).toBe(true)
        await queue.put(1)
        expect(await queue.join({ timeoutMs: 5 })).toBe(false)
        queue.taskDone()
        expect(await queue.join({ timeoutMs: 5 })).toBe(true)
        await queue.put(2)
        expect(await queue.join({ timeoutMs: 5 })).toBe(false)
        expect(queue.statistics().unfinished).toBe(1)
      })
    })

    it('refuses a maxSize of 0, and says what to use', () => {
      expect(() => new Kind(0)).toThrow(/Infinity.*Channel/)
      expect(() => new Kind(0)).toThrow(RangeError)
      expect(() => new Kind(-1)).toThrow(coded('GH_INVALID_ARGUMENT') as Error)
      expect(() => new Kind('1' as never)).toThrow(TypeError)
    })

    describe('when get is cut short', () => {
      cancelTable(() => {
        const queue = new Kind<string>()
        return {
          wait: (options) => queue.get(options),
          handOver: () => queue.tryPut('item'),
          waiting: () => queue.statistics().getters,
          gives: 'item',
          onTimeout: 'GH_EMPTY',
        }
      })
    })

    it('an item handed to a getter that is then ended is the first to go out', async () => {
      for (const kind of KINDS) {
        const queue = new Kind<number>()
        const getter = waiter(kind, () => queue.get())
        await settled()
        await queue.put(1)
        await queue.put(2)
        end(getter)
        expect(await outcome(getter)).toBe('GH_EXIT')
        expect(queue.size).toBe(2)
        expect([await queue.get(), await queue.get()]).toEqual([1, 2])
      }
    })

    it('a putter that is ended while it waits puts nothing in', async () => {
      for (const kind of KINDS) {
        const queue = new Kind<number>(1)
        await queue.put(1)
        const putters = [2, 3].map((n) => waiter(kind, () => queue.put(n)))
        await settled()
        end(putters[0]!)
        expect(queue.statistics().putters).toBe(1)
        expect([await queue.get(), await queue.get()]).toEqual([1, 3])
        expect(await outcome(putters[0]!)).toBe('GH_EXIT')
        expect(queue.statistics()).toEqual({
          size: 0,
          maxSize: 1,
          getters: 0,
          putters: 0,
          closed: false,
          unfinished: 2,
        })
      }
    })

    it('Q6 getters and putters do not wake one another', async () => {
      const queue = new Kind<number>(1)
      const got: number[] = []
      const greenlets = Array.from({ length: 200 }, (_, n) =>
        n % 2 === 0
          ? schedule(function* () {
              yield* queue.put(n)
            })
          : schedule(async () => void got.push(await queue.get())),
      )
      for (const greenlet of greenlets) await greenlet.join()
      expect(got.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => 2 * n))
    })
  })
}

describe('Queue', () => {
  it('U33 gives 50 items first in, first out', async () => {
    const queue = new Queue<number>()
    const fifty = Array.from({ length: 50 }, (_, n) => n)
    for (const n of fifty) await queue.put(n)
    for (const n of fifty) expect(await queue.get()).toBe(n)
  })

  it('Q6 serves getters and putters in order of arrival', async () => {
    const queue = new Queue<number>(2)
    const got: string[] = []
    for (const name of 'abc') schedule(async () => void got.push(name + (await queue.get())))
    await settled()
    for (const n of [1, 2, 3, 4, 5, 6, 7]) schedule(() => void queue.put(n))
    await settled()
    expect(got).toEqual(['a1', 'b2', 'c3'])
    for (const n of [4, 5]) expect(await queue.get()).toBe(n)
  })

  it('keeps order through growth, give-back and a burst', async () => {
    const queue = new Queue<number>()
    const seen: number[] = []
    let n = 0
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < round * 3; i++) queue.tryPut(n++)
      for (let i = 0; i < round * 2; i++) seen.push(queue.tryGet(-1))
    }
    for (let i = 0; i < 5000; i++) queue.tryPut(n++)
    while (!queue.empty) seen.push(await queue.get())
    expect(seen).toEqual(Array.from({ length: n }, (_, i) => i))
  })

  it('puts an item back at the front of a ring that is full', async () => {
    const queue = new Queue<number>()
    const getter = waiter('generator', () => queue.get())
    await settled()
    for (let n = 0; n < 9; n++) queue.tryPut(n)
    end(getter)
    expect(await outcome(getter)).toBe('GH_EXIT')
    expect(await queue.getMany()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('hands over in the time slice of whoever puts', async () => {
    const queue = new Queue<number>(1)
    const got: number[] = []
    const consumer = schedule(function* () {
      for (let i = 0; i < 1000; i++) got.push(yield* queue.get())
    })
    schedule(function* () {
      for (let i = 0; i < 1000; i++) yield* queue.put(i)
    })
    await consumer.join()
    expect(got).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  })

  it('main, a generator and an async greenlet share one queue', async () => {
    const queue = new Queue<string>(1)
    schedule(function* () {
      yield* queue.put('generator')
    })
    schedule(async () => {
      await pause()
      await queue.put('async')
    })
    expect([await queue.get(), await queue.get()]).toEqual(['generator', 'async'])
  })
})

describe('LifoQueue', () => {
  it('U45 gives the last item first', async () => {
    const queue = new LifoQueue<number>()
    for (const n of [1, 2, 3]) await queue.put(n)
    expect(await queue.getMany()).toEqual([3, 2, 1])
  })
})

describe('PriorityQueue', () => {
  it('U46 gives items sorted', async () => {
    const queue = new PriorityQueue<number>()
    const items = Array.from({ length: 200 }, (_, n) => (n * 7919) % 211)
    await queue.putMany(items)
    expect(await queue.getMany()).toEqual(items.toSorted((a, b) => a - b))
  })

  it('Q6 gives equal items in order of arrival', async () => {
    const queue = new PriorityQueue<[number, string]>(Infinity, { compare: ([a], [b]) => a - b })
    await queue.putMany([
      [1, 'a'],
      [0, 'b'],
      [1, 'c'],
      [0, 'd'],
      [1, 'e'],
    ])
    expect((await queue.getMany()).map(([, name]) => name).join('')).toBe('bdace')
  })

  it('orders strings, and arrays element by element', async () => {
    const words = new PriorityQueue<string>()
    await words.putMany(['b', 'aa', 'a'])
    expect(await words.getMany()).toEqual(['a', 'aa', 'b'])
    const arrays = new PriorityQueue<(number | string)[]>()
    await arrays.putMany([
      [2, 'a'],
      [1, 'b', 3],
      [1, 'b'],
      [1, 'a'],
    ])
    expect(await arrays.getMany()).toEqual([
      [1, 'a'],
      [1, 'b'],
      [1, 'b', 3],
      [2, 'a'],
    ])
  })

  it('refuses items without an order, and keeps the others', async () => {
    const queue = new PriorityQueue<unknown>()
    await queue.put(2)
    for (const item of ['1', {}, NaN, null, [1]])
      expect(() => queue.put(item)).toThrow(coded('GH_INVALID_ARGUMENT') as Error)
    await queue.put(1)
    expect(await queue.getMany()).toEqual([1, 2])
    expect(() => new PriorityQueue(1, { compare: 1 as never })).toThrow(TypeError)
  })

  it('a waiting putter whose item has no order gets the error, not the getter', async () => {
    const queue = new PriorityQueue<unknown>(2)
    await queue.putMany([1, 2])
    const bad = outcome(waiter('generator', () => queue.put('x')))
    const good = outcome(waiter('async', () => queue.put(0)))
    await settled()
    expect(await queue.get()).toBe(1)
    expect([await bad, await good]).toEqual(['GH_INVALID_ARGUMENT', undefined])
    expect(await queue.getMany()).toEqual([0, 2])
  })

  it('loses nothing when compare throws', async () => {
    let broken = false
    const compare = (a: number, b: number) => {
      if (broken) throw new Error('broken')
      return a - b
    }
    const queue = new PriorityQueue<number>(Infinity, { compare })
    await queue.putMany([5, 3, 4, 1])
    broken = true
    expect(() => queue.tryGet()).toThrow('broken')
    expect(() => queue.tryPut(9)).toThrow('broken')
    broken = false
    expect((await queue.getMany()).toSorted((a, b) => a - b)).toEqual([1, 3, 4, 5])
  })
})
