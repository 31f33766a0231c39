import {
  end,
  getCurrent,
  pause,
  pauseFor,
  schedule,
  statistics,
  wait,
  withTimeout,
} from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { map, mapUnordered, type Mapped } from '@greenhouse/pool'
import { beforeEach, describe, expect, it } from 'vitest'
import { failing, range, settle } from './jobs.ts'

let running = 0
let closed = 0
let taken = 0
beforeEach(() => {
  running = closed = taken = 0
})

function* endless() {
  try {
    for (;;) yield taken++
  } finally {
    closed++
  }
}
async function* endlessAsync() {
  try {
    for (;;) {
      await pauseFor(1)
      yield taken++
    }
  } finally {
    await pauseFor(1)
    closed++
  }
}

const asyncJob = async (n: number) => {
  running++
  try {
    await pauseFor(n === 0 ? 10 : 1000)
    return n
  } finally {
    running--
  }
}
function* generatorJob(n: number) {
  running++
  try {
    yield* pauseFor(n === 0 ? 10 : 1000)
    return n
  } finally {
    running--
  }
}
const combinations = (
  [
    ['async', asyncJob],
    ['generator', generatorJob],
    ['transpiled generator', (n: number) => generatorJob(n)],
  ] as [string, typeof asyncJob][]
).flatMap(([kind, job]) =>
  (
    [
      ['sync', endless],
      ['async', endlessAsync],
    ] as const
  ).flatMap(([sort, items]) =>
    [map, mapUnordered].map(
      (mapping) =>
        [`${mapping.name}, ${kind} calls, ${sort} items`, mapping, job, items] as [
          string,
          typeof map,
          typeof asyncJob,
          () => Iterable<number>,
        ],
    ),
  ),
)

describe.each(combinations)('%s', (_, mapping, job, items) => {
  it('ends its workers and closes the iterable when the loop is left', async () => {
    await withVirtualClock(async (clock) => {
      for await (const n of mapping(job, items(), { concurrency: 3 })) {
        expect(n).toBe(0)
        break
      }
      await pauseFor(5)
      expect({ running, closed }).toEqual({ running: 0, closed: 1 })
      expect(clock.now()).toBeLessThan(20)
      const before = taken
      await pauseFor(5000)
      expect(taken).toBe(before)
    })
  })

  it('does so when the loop throws', async () => {
    await withVirtualClock(async () => {
      const looping = async () => {
        for await (const n of mapping(job, items(), { concurrency: 3 })) throw new Error(`at ${n}`)
      }
      await expect(looping()).rejects.toThrow('at 0')
      await pauseFor(5)
      expect({ running, closed }).toEqual({ running: 0, closed: 1 })
    })
  })

  it('does so when the consumer is ended in next or toArray', async () => {
    const consumers = [
      async (mapped: Mapped<number>) => {
        for await (const _ of mapped);
      },
      async (mapped: Mapped<number>) => mapped.toArray(),
      function* (mapped: Mapped<number>) {
        while (!(yield* mapped.next()).done);
      },
      function* (mapped: Mapped<number>) {
        yield* mapped.toArray()
      },
    ] as ((mapped: Mapped<number>) => Promise<void>)[]
    for (const consume of consumers) {
      await withVirtualClock(async (clock) => {
        closed = 0
        const consumer = schedule(consume, mapping(job, items(), { concurrency: 3 }))
        await pauseFor(50)
        expect(running).toBeGreaterThan(1)
        end(consumer)
        await settle()
        await pauseFor(5)
        await settle()
        expect({ running, closed }).toEqual({ running: 0, closed: 1 })
        expect(clock.now()).toBe(55)
      })
    }
  })

  it('closes the iterable and ends the siblings when a call fails, and throws its error once', async () => {
    await withVirtualClock(async () => {
      const failing = (n: number) => {
        if (n === 2) throw new Error('two')
        return job(n)
      }
      const mapped = mapping(failing, items(), { concurrency: 3 })
      await expect(mapped.next()).rejects.toThrow('two')
      expect(await mapped.next()).toEqual({ done: true, value: undefined })
      await pauseFor(5)
      expect({ running, closed }).toEqual({ running: 0, closed: 1 })
      closed = taken = 0
      await expect(mapping(failing, items(), { concurrency: 3 }).toArray()).rejects.toThrow('two')
      await pauseFor(5)
      expect({ running, closed }).toEqual({ running: 0, closed: 1 })
    })
  })
})

describe('an error', () => {
  it('Q17 of the iterable is thrown once, and the iterable not closed after it', async () => {
    for (const asynchronous of [false, true]) {
      closed = 0
      const iterator = {
        next() {
          if (taken++ % 4 === 3) throw new Error('source')
          return { done: false, value: taken }
        },
        return() {
          closed++
          return { done: true, value: undefined }
        },
      }
      const items = {
        [asynchronous ? Symbol.asyncIterator : Symbol.iterator]: () =>
          asynchronous
            ? { next: async () => iterator.next(), return: async () => iterator.return() }
            : iterator,
      } as unknown as Iterable<number>
      taken = 0
      await expect(
        map((n) => pause().then(() => n), items, { concurrency: 2 }).toArray(),
      ).rejects.toThrow('source')
      expect(closed).toBe(0)
    }
  })

  it('comes after the results that were ready before it', async () => {
    await withVirtualClock(async () => {
      const mapped = map(
        async (n: number) => {
          if (n === 2) await pauseFor(10).then(() => Promise.reject(new Error('two')))
          return n
        },
        range(9),
        { concurrency: 4 },
      )
      expect((await mapped.next()).value).toBe(0)
      await pauseFor(20)
      expect((await mapped.next()).value).toBe(1)
      await expect(mapped.next()).rejects.toThrow('two')
      expect((await mapped.next()).done).toBe(true)
      expect(await mapped.toArray()).toEqual([])
    })
  })

  it('is thrown by toArray that comes after it', async () => {
    await withVirtualClock(async () => {
      const mapped = map(
        async (n: number) => {
          if (n === 1) throw new Error('one')
          await pauseFor(n)
          return n
        },
        [0, 5, 1],
        { concurrency: 1 },
      )
      await mapped.next()
      await pauseFor(20)
      await mapped.next()
      await settle()
      await expect(mapped.toArray()).rejects.toThrow('one')
    })
  })

  it('reaches one of several consumers, the others see the end', async () => {
    const mapped = map(async () => Promise.reject(new Error('all')), range(5), { concurrency: 1 })
    const outcomes = await Promise.allSettled([mapped.next(), mapped.next(), mapped.next()])
    const done = { status: 'fulfilled', value: { done: true, value: undefined } }
    expect(outcomes).toEqual([{ status: 'rejected', reason: new Error('all') }, done, done])
  })

  it('of siblings that fail afterwards, waiting for a foreign promise, is dropped', async () => {
    const dead = async (n: number) => {
      await new Promise((resolve) => setImmediate(resolve))
      throw new Error(`dead host ${n}`)
    }
    await expect(map(dead, range(5)).toArray()).rejects.toThrow('dead host 0')
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  })

  it('that ends the greenlet of a call is thrown as GH_EXIT', async () => {
    const suicide = async (n: number) => {
      if (n === 3) end(getCurrent())
      await pause()
      return n
    }
    await expect(map(suicide, range(5), { concurrency: 2 }).toArray()).rejects.toEqual(
      failing('GH_EXIT'),
    )
  })
})

describe('return', () => {
  it('throws what closing the iterable throws', async () => {
    const fail = () => {
      throw new Error('closing')
    }
    for (const asynchronous of [false, true]) {
      const bad = async function* () {
        try {
          for (;;) yield 1
        } finally {
          fail()
        }
      }
      const badSync = function* () {
        try {
          for (;;) yield 1
        } finally {
          fail()
        }
      }
      const mapped = map((n: number) => n, asynchronous ? bad() : badSync(), { concurrency: 1 })
      await mapped.next()
      await settle()
      await expect(mapped.return()).rejects.toThrow('closing')
      expect(await mapped.return()).toEqual({ done: true, value: undefined })
      expect((await mapped.next()).done).toBe(true)
    }
  })

  it('does not wait for an item that never comes', async () => {
    let returned = 0
    const items = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: async () => {
          returned++
          return { done: true as const, value: undefined }
        },
      }),
    }
    const mapped = map((n: number) => n, items)
    const waiting = mapped.next()
    await settle()
    expect(await mapped.return()).toEqual({ done: true, value: undefined })
    expect(await waiting).toEqual({ done: true, value: undefined })
    await settle()
    expect(returned).toBe(1)
  })

  it('fails a toArray that waits, instead of cutting it short', async () => {
    const mapped = map(async () => wait(new Promise<number>(() => {})), range(3))
    const all = schedule(async () => mapped.toArray())
    await settle()
    await mapped[Symbol.asyncDispose]()
    await expect(all.join()).rejects.toEqual(failing('GH_CLOSED'))
  })
})

describe('a consumer that is ended', () => {
  it('in the instant of hand-over loses nothing for the others', async () => {
    await withVirtualClock(async () => {
      const mapped = map(
        async (n: number) => {
          await pauseFor(10)
          return n
        },
        range(4),
        { concurrency: 2 },
      )
      const owner = schedule(async () => {
        await mapped.next()
        await pauseFor(1000)
      })
      await pauseFor(1)
      const consumer = schedule(function* () {
        const step = yield* mapped.next()
        return step.value
      })
      const killer = schedule(function* () {
        yield* pauseFor(9)
        end(consumer)
      })
      await killer.join()
      await settle()
      const rest: unknown[] = []
      for await (const n of mapped) rest.push(n)
      expect([consumer.state, ...rest]).toEqual(['ended', 1, 2, 3])
      end(owner)
    })
  })

  it('stops nothing while somebody else waits for the results', async () => {
    await withVirtualClock(async () => {
      const mapped = map(asyncJob, [0, 0, 0], { concurrency: 1 })
      const first = schedule(async () => mapped.next())
      const second = schedule(async () => mapped.next())
      await pauseFor(5)
      end(first)
      expect(await second.join()).toEqual({ done: false, value: 0 })
      await mapped.return()
    })
  })

  it('of toArray by a time-out breaks off at once, everything else goes on', async () => {
    await withVirtualClock(async (clock) => {
      const timeOut = { code: 'GH_TIMEOUT' }
      const job = (mapping: typeof map) =>
        mapping(asyncJob, endless(), { concurrency: 2 }).toArray()
      for (const mapping of [map, mapUnordered]) {
        await expect(withTimeout(50, () => job(mapping))).rejects.toMatchObject(timeOut)
        await settle()
        expect({ running, closed: closed-- }).toEqual({ running: 0, closed: 1 })
        const generator = schedule(function* () {
          yield* withTimeout(50, function* () {
            yield* job(mapping)
          })
        })
        await expect(generator.join()).rejects.toMatchObject(timeOut)
        await settle()
        expect({ running, closed: closed-- }).toEqual({ running: 0, closed: 1 })
        taken = 0
      }
      expect(clock.now()).toBe(200)
    })
  })

  it('of next by a time-out can ask again', async () => {
    await withVirtualClock(async () => {
      const mapped = map(asyncJob, [0, 1])
      await expect(withTimeout(5, () => mapped.next())).rejects.toMatchObject({
        code: 'GH_TIMEOUT',
      })
      expect(await mapped.toArray()).toEqual([0, 1])
    })
  })
})

it('leaves no greenlet behind when it is left alone half way', async () => {
  const before = statistics().greenlets
  for (let i = 0; i < 20; i++) {
    const mapped = map(async (n: number) => n, range(100), { concurrency: 5 })
    await mapped.next()
  }
  await settle()
  expect(statistics().greenlets).toBe(before)
})
