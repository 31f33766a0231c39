// What queues and channels can do beyond put and get: close, several items at once, iteration.
import { end, pause, schedule } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { Channel, LifoQueue, PriorityQueue, Queue } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { cancelTable, coded, KINDS, outcome, settled, waiter } from './flows.ts'

const FOUR = { Queue, LifoQueue, PriorityQueue, Channel }
const sorted = (items: readonly number[]) => items.toSorted((a, b) => a - b)

for (const [name, Kind] of Object.entries(FOUR)) {
  describe(`${name}.close`, () => {
    it('getters get what is left, then GH_CLOSED; nothing more goes in', async () => {
      const queue = new Kind<number>(5)
      await queue.putMany([1, 2])
      queue.close()
      queue.close()
      expect(queue.closed).toBe(true)
      expect(await outcome(queue.put(3))).toBe('GH_CLOSED')
      expect(await outcome(queue.putMany([3]))).toBe('GH_CLOSED')
      expect(() => queue.tryPut(3)).toThrow(coded('GH_CLOSED') as Error)
      expect(sorted([await queue.get(), await queue.get()])).toEqual([1, 2])
      expect(await outcome(queue.get())).toBe('GH_CLOSED')
      expect(await outcome(queue.getMany())).toBe('GH_CLOSED')
      expect(await queue.next()).toEqual({ done: true, value: undefined })
      expect(queue.tryGet('none')).toBe('none')
    })

    for (const kind of KINDS) {
      it(`tells all that wait (${kind})`, async () => {
        const queue = new Kind<number>(1)
        const getters = [
          waiter(kind, () => queue.get()),
          waiter(kind, () => queue.getMany()),
          waiter(kind, () => queue.next()),
        ].map(outcome)
        await settled()
        queue.close()
        expect(await Promise.all(getters)).toEqual([
          'GH_CLOSED',
          'GH_CLOSED',
          { done: true, value: undefined },
        ])
        const full = new Kind<number>(1)
        await full.put(1)
        const putters = [
          waiter(kind, () => full.put(2)),
          waiter(kind, () => full.putMany([3, 4])),
        ].map(outcome)
        await settled()
        full.close()
        expect(await Promise.all(putters)).toEqual(['GH_CLOSED', 'GH_CLOSED'])
        expect(full.statistics()).toMatchObject({ size: 1, getters: 0, putters: 0, closed: true })
      })
    }

    it('says which one is closed', async () => {
      const queue = new Kind(1, { name: 'jobs' })
      queue.close()
      await expect(queue.get()).rejects.toThrow(`The ${name} "jobs" is closed`)
    })

    it('an item that comes back after close can still be got', async () => {
      const queue = new Kind<number>(1)
      const getter = waiter('generator', () => queue.get())
      await settled()
      queue.tryPut(1)
      queue.close()
      end(getter)
      expect(await outcome(getter)).toBe('GH_EXIT')
      expect(await queue.get()).toBe(1)
    })
  })

  describe(`${name}.getMany`, () => {
    it('takes all that is in, or as many as asked for', async () => {
      const queue = new Kind<number>(10)
      await queue.putMany([1, 2, 3, 4])
      expect((await queue.getMany(3)).length).toBe(3)
      expect((await queue.getMany()).length).toBe(1)
      expect(() => queue.getMany(0)).toThrow(RangeError)
    })

    it('takes the items of waiting putters along', async () => {
      const queue = new Kind<number>(1)
      const putters = [1, 2, 3].map((n) => waiter('async', () => queue.put(n)))
      await settled()
      expect(sorted(await queue.getMany())).toEqual([1, 2, 3])
      for (const putter of putters) await putter.join()
    })

    it('puts all back, in their order, when ended before it could take them', async () => {
      const queue = new Kind<number>(10)
      await queue.putMany([1, 2, 3])
      const careless = schedule(function* () {
        void queue.getMany()
        yield* pause()
      })
      await pause()
      await queue.put(4)
      const inOrder = new Kind<number>(10)
      await inOrder.putMany([1, 2, 3])
      const expected = name === 'LifoQueue' ? [3, 2, 1, 4] : [1, 2, 3, 4]
      await careless.join()
      expect(await queue.getMany()).toEqual(expected)
    })

    describe('when cut short', () => {
      cancelTable(() => {
        const queue = new Kind<string>(1)
        return {
          wait: (options) => queue.getMany(5, options),
          handOver: () => queue.tryPut('item'),
          waiting: () => queue.statistics().getters,
          gives: ['item'],
          onTimeout: 'GH_EMPTY',
        }
      })
    })
  })

  describe(`${name}.next`, () => {
    it('is the step of a loop in a generator greenlet', async () => {
      const queue = new Kind<number>(1)
      const got: number[] = []
      const consumer = schedule(function* () {
        for (let next; !(next = yield* queue.next()).done;) got.push(next.value)
        return 'closed'
      })
      for (const n of [1, 2, 3]) await queue.put(n)
      queue.close()
      expect(await consumer.join()).toBe('closed')
      expect(got).toEqual([1, 2, 3])
    })

    describe('when cut short', () => {
      cancelTable(() => {
        const queue = new Kind<string>(1)
        return {
          wait: (options) => queue.next(options),
          handOver: () => queue.tryPut('item'),
          waiting: () => queue.statistics().getters,
          gives: { done: false, value: 'item' },
          onTimeout: 'GH_EMPTY',
        }
      })
    })
  })

  it(`${name} is iterated by for await, and leaving the loop takes nothing along`, async () => {
    const queue = new Kind<number>(3)
    await queue.putMany([1, 2, 3])
    const got: number[] = []
    for await (const n of queue) {
      got.push(n)
      if (got.length === 2) break
    }
    queue.close()
    for await (const n of queue) got.push(n)
    expect(sorted(got)).toEqual([1, 2, 3])
    const iterator = queue[Symbol.asyncIterator]()
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    expect(Symbol.asyncIterator in iterator).toBe(true)
  })
}

describe('Queue.putMany', () => {
  for (const kind of KINDS) {
    it(`waits for room as long as needed; others wait behind it (${kind})`, async () => {
      const queue = new Queue<number>(2)
      const many = waiter(kind, () => queue.putMany([1, 2, 3, 4, 5]))
      await settled()
      const other = waiter(kind, () => queue.put(6))
      await settled()
      expect(queue.statistics()).toMatchObject({ size: 2, putters: 2 })
      const got = []
      for (let i = 0; i < 6; i++) got.push(await queue.get())
      expect(got).toEqual([1, 2, 3, 4, 5, 6])
      await many.join()
      await other.join()
      expect(queue.statistics()).toMatchObject({ size: 0, putters: 0, unfinished: 6 })
    })

    it(`ended in the middle, what is in stays in, the rest does not come (${kind})`, async () => {
      const queue = new Queue<number>(1)
      const many = waiter(kind, () => queue.putMany([1, 2, 3, 4]))
      await settled()
      expect(await queue.get()).toBe(1)
      end(many)
      const other = waiter(kind, () => queue.put(9))
      expect([await queue.get(), await queue.get()]).toEqual([2, 9])
      expect(await outcome(many)).toBe('GH_EXIT')
      await other.join()
      expect(queue.statistics()).toMatchObject({ size: 0, putters: 0 })
    })

    it(`says how many are in when the time is up or it is closed (${kind})`, async () => {
      await withVirtualClock(async () => {
        const queue = new Queue<number>(2)
        const late = waiter(kind, () => queue.putMany([1, 2, 3, 4], { timeoutMs: 10 }))
        await settled()
        await queue.get()
        await expect(late.join()).rejects.toMatchObject({ code: 'GH_FULL', putCount: 3 })
        const closed = waiter(kind, () => queue.putMany([7, 8]))
        await settled()
        await queue.get()
        queue.close()
        await expect(closed.join()).rejects.toMatchObject({ code: 'GH_CLOSED', putCount: 1 })
        await expect(queue.putMany([1])).rejects.toMatchObject({ code: 'GH_CLOSED', putCount: 0 })
        expect(await queue.getMany()).toEqual([3, 7])
      })
    })
  }

  it('hands items to getters that wait', async () => {
    const queue = new Queue<number>(1)
    const getters = KINDS.map((kind) => waiter(kind, () => queue.get()))
    await settled()
    await queue.putMany(new Set([1, 2, 3]))
    expect([await getters[0]!.join(), await getters[1]!.join(), await queue.get()]).toEqual([
      1, 2, 3,
    ])
  })

  it('of nothing does nothing, and wants an iterable', async () => {
    const queue = new Queue<number>(1)
    await queue.putMany([])
    expect(queue.size).toBe(0)
    expect(() => queue.putMany(1 as never)).toThrow(TypeError)
  })

  it('through a rendezvous channel', async () => {
    const channel = new Channel<number>()
    const many = waiter('generator', () => channel.putMany([1, 2, 3]))
    await settled()
    expect([await channel.get(), await channel.get(), await channel.get()]).toEqual([1, 2, 3])
    await many.join()
  })
})
