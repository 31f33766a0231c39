import { end, pauseFor, schedule } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { inspected } from '@greenhouse/scheduler/kernel'
import { OneWayPool, OrderedPool, Pool } from '@greenhouse/pool'
import { describe, expect, it } from 'vitest'
import { failing, range, settle } from './jobs.ts'

const INVALID = failing('GH_INVALID_ARGUMENT')

describe('maxQueued', () => {
  it('lets put wait while so many jobs wait, first come first served', async () => {
    await withVirtualClock(async (clock) => {
      const pool = new Pool(
        async (n: number) => {
          await pauseFor(10)
          return n
        },
        { concurrency: 1, maxQueued: 2 },
      ).start()
      await settle()
      const times: number[] = []
      for (const n of range(6)) {
        schedule(async () => {
          await pool.put(n)
          times.push(clock.now())
        })
      }
      await settle()
      expect(pool.statistics()).toMatchObject({ running: 1, queued: 2, waitingPuts: 3 })
      await pool.join()
      expect(times).toEqual([0, 0, 0, 10, 20, 30])
      await pool.close()
      expect(await takeAll(pool)).toEqual(range(6))
    })
  })

  it('takes nothing of a putter that is ended while it waits', async () => {
    const pool = new Pool((n: number) => n, { concurrency: 1, maxQueued: 1 })
    await pool.put(0)
    const putters = range(3).map((n) => schedule(async () => pool.put(n + 1)))
    await settle()
    end(putters[1]!)
    pool.start()
    await pool.close()
    expect(await takeAll(pool)).toEqual([0, 1, 3])
  })

  it('with 0 hands each job to a worker that is free', async () => {
    await withVirtualClock(async (clock) => {
      const pool = new Pool(
        async (n: number) => {
          await pauseFor(10)
          return n
        },
        { concurrency: 1, maxQueued: 0 },
      ).start()
      for (const n of range(3)) await pool.put(n)
      expect(clock.now()).toBe(20)
      await pool.close()
      expect(await takeAll(pool)).toEqual([0, 1, 2])
    })
  })

  it('does what waiting putters brought when the pool is closed meanwhile', async () => {
    const pool = new Pool((n: number) => n, { maxQueued: 1 })
    const putters = range(4).map((n) => schedule(async () => pool.put(n)))
    await settle()
    await pool.close()
    for (const putter of putters) await putter.join()
    expect(await takeAll(pool)).toEqual(range(4))
  })

  it('does not hold up run, nor hang a join when its last putter is ended', async () => {
    await withVirtualClock(async () => {
      const pool = new Pool(
        async (n: number) => {
          await pauseFor(10)
          return n
        },
        { concurrency: 1, maxQueued: 0 },
      ).start()
      const ran = pool.run(1)
      const queued = pool.run(2)
      await settle()
      const putter = schedule(async () => pool.put(3))
      await settle()
      expect(pool.statistics()).toMatchObject({ queued: 1, waitingPuts: 1 })
      const joined = pool.join()
      end(putter)
      expect([await ran, await queued, await joined]).toEqual([1, 2, true])
      await pool.close()
    })
  })
})

describe('options', () => {
  it.each([
    ['OneWayPool', OneWayPool],
    ['Pool', Pool],
    ['OrderedPool', OrderedPool],
  ])('of %s are checked', (_, kind) => {
    const Kind = kind as typeof OneWayPool
    const work = () => {}
    expect(() => new Kind(5 as never)).toThrow(TypeError)
    expect(() => new Kind(async function* () {} as never)).toThrow('async, generator or plain')
    for (const concurrency of [0, -1, 1.5, NaN, Infinity, '3']) {
      expect(() => new Kind(work, { concurrency } as never)).toThrow(INVALID as Error)
    }
    expect(() => new Kind(work, { maxQueued: -1 })).toThrow(INVALID as Error)
    expect(() => new Kind(work, { name: 5 } as never)).toThrow(INVALID as Error)
    expect(() => new Kind(work, 5 as never)).toThrow(INVALID as Error)
    expect(() => new Kind(work, { concurrency: 2, size: 3 })).toThrow(
      'Expected `options.size` to be equal to `options.concurrency`, 2, got `3`',
    )
    expect(new Kind(work, { concurrency: 2, size: 2 }).statistics().concurrency).toBe(2)
    expect(new Kind(work, { size: 3 }).statistics().concurrency).toBe(3)
    expect(new Kind(work).statistics().concurrency).toBe(10)
  })

  it('name the pool, its workers and its errors', async () => {
    const pool = new Pool(async () => (await import('@greenhouse/scheduler')).getCurrent(), {
      name: 'p',
    })
    pool.start()
    expect(pool.name).toBe('p')
    expect((await pool.run()).name).toBe('p worker')
    await pool.close()
    await expect(pool.put()).rejects.toThrow('The pool "p" is closed')
    expect(inspected()).toContainEqual({ kind: 'Pool', object: pool })
  })
})

async function takeAll<T>(pool: Pool<never[], T> | Pool<[number], T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of pool) all.push(one)
  return all
}
