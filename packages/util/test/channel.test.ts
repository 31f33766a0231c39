import { end, pause, pauseFor, schedule } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { Channel, PriorityQueue, Queue } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { cancelTable, coded, KINDS, outcome, settled, waiter } from './flows.ts'

describe('Channel', () => {
  for (const kind of KINDS) {
    it(`without room is a rendezvous: put waits until its item is got (${kind})`, async () => {
      const channel = new Channel<number>()
      const putters = [1, 2].map((n) => waiter(kind, () => channel.put(n)))
      await settled()
      expect(channel.statistics()).toEqual({
        size: 0,
        maxSize: 0,
        getters: 0,
        putters: 2,
        closed: false,
      })
      expect(await channel.get()).toBe(1)
      await settled()
      expect(putters.map((putter) => putter.state)).toEqual(['finished', 'blocked'])
      expect(await waiter(kind, () => channel.get()).join()).toBe(2)
      await putters[1]!.join()
    })

    it(`a getter that waits gets the item at once; the putter does not wait (${kind})`, async () => {
      const channel = new Channel<number>()
      const getter = waiter(kind, () => channel.get())
      await settled()
      expect(channel.tryPut(1)).toBe(true)
      expect(await getter.join()).toBe(1)
      expect(channel.tryPut(2)).toBe(false)
      expect(channel.tryGet('none')).toBe('none')
    })

    it(`a putter that is ended takes its item along (${kind})`, async () => {
      const channel = new Channel<number>()
      const [victim, other] = [1, 2].map((n) => waiter(kind, () => channel.put(n)))
      await settled()
      end(victim!)
      expect(await channel.get()).toBe(2)
      expect(await outcome(victim!)).toBe('GH_EXIT')
      await other!.join()
    })
  }

  it('keeps as many items as fit', async () => {
    const channel = new Channel<number>(2)
    expect([channel.tryPut(1), channel.tryPut(2), channel.tryPut(3)]).toEqual([true, true, false])
    expect(channel.full).toBe(true)
    expect(await outcome(channel.put(3, { timeoutMs: 0 }))).toBe('GH_FULL')
    expect(await channel.getMany()).toEqual([1, 2])
  })

  it('refuses a bad size', () => {
    expect(() => new Channel(-1)).toThrow(RangeError)
    expect(() => new Channel('1' as never)).toThrow(TypeError)
  })

  it('keeps an item that came back until somebody gets it, without room too', async () => {
    const channel = new Channel<number>()
    const getter = waiter('generator', () => channel.get())
    await settled()
    channel.tryPut(1)
    end(getter)
    const putter = waiter('async', () => channel.put(2))
    await settled()
    expect([await channel.get(), await channel.get()]).toEqual([1, 2])
    await putter.join()
    expect(await outcome(getter)).toBe('GH_EXIT')
  })

  describe('when get is cut short', () => {
    cancelTable(() => {
      const channel = new Channel<string>()
      return {
        wait: (options) => channel.get(options),
        handOver: () => {
          if (!channel.tryPut('item')) void channel.put('item')
        },
        waiting: () => channel.statistics().getters,
        gives: 'item',
        onTimeout: 'GH_EMPTY',
      }
    })
  })
})

describe('Channel.select', () => {
  it('takes what is ready, the first in the list, and nothing else', async () => {
    const [a, b] = [new Channel<number>(1), new Channel<string>(1)]
    await a.put(1)
    await b.put('x')
    expect(await Channel.select([b, a])).toEqual({ index: 0, channel: b, item: 'x' })
    expect([a.size, b.size]).toEqual([1, 0])
    expect(
      await Channel.select([
        [a, 2],
        [b, 'y'],
      ]),
    ).toEqual({ index: 1, channel: b, item: 'y' })
    expect([await a.get(), await b.get()]).toEqual([1, 'y'])
  })

  for (const kind of KINDS) {
    it(`waits for the first of several, and leaves the others (${kind})`, async () => {
      const channels = [
        new Channel<number>(),
        new Channel<number>(),
        new Channel<number>(),
      ] as const
      const [a, b, c] = channels
      const chooser = waiter(kind, () => Channel.select([a, b, [c, 9]]))
      await settled()
      expect(channels.map((channel) => channel.getters.size + channel.putters.size)).toEqual([
        1, 1, 1,
      ])
      expect(b.tryPut(5)).toBe(true)
      expect(channels.map((channel) => channel.getters.size + channel.putters.size)).toEqual([
        0, 0, 0,
      ])
      expect([a.tryPut(1), c.tryGet('none')]).toEqual([false, 'none'])
      expect(await chooser.join()).toEqual({ index: 1, channel: b, item: 5 })
    })

    it(`puts when somebody gets (${kind})`, async () => {
      const [a, b] = [new Channel<number>(), new Channel<number>()]
      const chooser = waiter(kind, () => Channel.select([a, [b, 9]]))
      await settled()
      expect(await b.get()).toBe(9)
      expect(await chooser.join()).toEqual({ index: 1, channel: b, item: 9 })
      expect(a.statistics().getters).toBe(0)
    })

    it(`two selects meet (${kind})`, async () => {
      const [a, b] = [new Channel<number>(), new Channel<number>()]
      const one = waiter(kind, () => Channel.select([a, [b, 1]]))
      await settled()
      expect(await Channel.select([[b, 3], b])).toEqual({ index: 1, channel: b, item: 1 })
      expect(await one.join()).toEqual({ index: 1, channel: b, item: 1 })
    })

    it(`times out, and stands nowhere any more (${kind})`, async () => {
      await withVirtualClock(async (clock) => {
        const [a, b] = [new Channel<number>(), new Channel<number>()]
        const chooser = waiter(kind, () => Channel.select([a, [b, 1]], { timeoutMs: 20 }))
        expect(await outcome(chooser)).toBe('GH_TIMEOUT')
        expect([a.getters.size, b.putters.size, clock.now()]).toEqual([0, 0, 20])
        expect(await outcome(Channel.select([a], { timeoutMs: 0 }))).toBe('GH_TIMEOUT')
        expect(a.getters.size).toBe(0)
      })
    })

    it(`a put happens once, though two could take it in the same instant (${kind})`, async () => {
      const [a, b] = [new Channel<number>(), new Channel<number>()]
      const chooser = waiter(kind, () =>
        Channel.select([
          [a, 1],
          [b, 1],
        ]),
      )
      await settled()
      expect([a.tryGet(), b.tryGet()]).toEqual([1, undefined])
      expect(await chooser.join()).toMatchObject({ index: 0 })
    })
  }

  it('passes over closed channels, and says when all are closed', async () => {
    const [a, b] = [new Channel<number>(1), new Channel<number>(1)]
    await a.put(1)
    a.close()
    expect((await Channel.select([a, b])).item).toBe(1)
    const waiting = outcome(Channel.select([a, b, [a, 2]]))
    await settled()
    b.close()
    expect(await waiting).toBe('GH_CLOSED')
    expect(await outcome(Channel.select([a, b]))).toBe('GH_CLOSED')
  })

  it('goes on with the others when one is closed meanwhile', async () => {
    const [a, b] = [new Channel<number>(), new Channel<number>()]
    const waiting = Channel.select([a, [a, 1], b])
    await settled()
    a.close()
    await settled()
    b.tryPut(7)
    expect(await waiting).toEqual({ index: 2, channel: b, item: 7 })
  })

  it('merges channels until all are closed', async () => {
    const channels = [new Channel<number>(), new Channel<number>(2)] as const
    channels.forEach((channel, at) =>
      schedule(function* () {
        for (let n = 0; n < 3; n++) yield* channel.put(10 * at + n)
        channel.close()
      }),
    )
    const got: number[] = []
    const merged = schedule(function* () {
      for (;;) got.push((yield* Channel.select(channels)).item)
    })
    expect(await outcome(merged)).toBe('GH_CLOSED')
    expect(got.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 10, 11, 12])
  })

  it('takes queues as well', async () => {
    const queue = new Queue<number>()
    const channel = new Channel<string>()
    const waiting = Channel.select([channel, queue])
    queue.tryPut(3)
    expect(await waiting).toEqual({ index: 1, channel: queue, item: 3 })
  })

  it('fails with the error of a priority queue that refuses its item', async () => {
    const queue = new PriorityQueue<unknown>(2)
    await queue.putMany([1, 2])
    const waiting = outcome(Channel.select([[queue, 'x'], new Channel()]))
    await settled()
    expect(await queue.get()).toBe(1)
    expect(await waiting).toBe('GH_INVALID_ARGUMENT')
    expect(await queue.get()).toBe(2)
  })

  it('an exception scheduled for main rejects it, and it leaves all lists', async () => {
    const { mainGreenlet, scheduleException } = await import('@greenhouse/scheduler')
    const [a, b] = [new Channel<number>(), new Channel<number>()]
    const waiting = outcome(Channel.select([a, b]))
    await pause()
    scheduleException(new Error('enough'), mainGreenlet)
    expect(await waiting).toBe('enough')
    expect([a.getters.size, b.getters.size]).toEqual([0, 0])
  })

  it('refuses what is no case', () => {
    expect(() => Channel.select([])).toThrow(TypeError)
    expect(() => Channel.select([{} as never])).toThrow(coded('GH_INVALID_ARGUMENT') as Error)
    expect(() => Channel.select(new Channel() as never)).toThrow(TypeError)
  })

  it('is served in order of arrival beside plain getters', async () => {
    const channel = new Channel<number>()
    const order: string[] = []
    const first = schedule(async () => void order.push(`get ${await channel.get()}`))
    await settled()
    const second = schedule(
      async () => void order.push(`select ${(await Channel.select([channel])).item}`),
    )
    await settled()
    const third = schedule(async () => void order.push(`get ${await channel.get()}`))
    await settled()
    for (const n of [1, 2, 3]) channel.tryPut(n)
    for (const greenlet of [first, second, third]) await greenlet.join()
    expect(order).toEqual(['get 1', 'select 2', 'get 3'])
  })

  it('waits that are interrupted while others go on leave nothing behind', async () => {
    await withVirtualClock(async () => {
      const [a, b] = [new Channel<number>(), new Channel<number>()]
      for (const kind of KINDS) {
        for (let i = 0; i < 50; i++) {
          const chooser = waiter(kind, () => Channel.select([a, b]))
          const late = outcome(chooser)
          await pauseFor(1)
          end(chooser)
          expect(await late).toBe('GH_EXIT')
        }
      }
      expect([a.getters.size, b.getters.size]).toEqual([0, 0])
    })
  })

  describe('when it is cut short', () => {
    cancelTable(() => {
      const [idle, channel] = [new Channel<string>(), new Channel<string>()]
      return {
        wait: (options) => Channel.select([idle, channel], options),
        handOver: () => {
          if (!channel.tryPut('item')) void channel.put('item')
        },
        waiting: () => channel.statistics().getters,
        gives: { index: 1, channel, item: 'item' },
        onTimeout: 'GH_TIMEOUT',
      }
    })
  })
})
