import { end, pauseFor, schedule } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { OrderedPool } from '@greenhouse/pool'
import { describe, expect, it } from 'vitest'
import { kindsOf, range, settle } from './jobs.ts'

describe('OrderedPool', () => {
  it.each(kindsOf((n) => n * n))('P12 gives results in the order of puts: %s', async (_, job) => {
    await withVirtualClock(async () => {
      const pool = new OrderedPool<[number], number>(job, { concurrency: 4 }).start()
      for (const n of range(30)) await pool.put(n)
      for (const n of range(30)) expect(await pool.get()).toBe(n * n)
      await pool.close()
    })
  })

  it.each(
    kindsOf(
      (n) => n,
      (n) => (n % 2) * 10,
    ),
  )('P13 also when odd jobs are slower: %s', async (_, job) => {
    await withVirtualClock(async () => {
      const pool = new OrderedPool<[number], number>(job, { concurrency: 4 }).start()
      for (const n of range(30)) await pool.put(n)
      await pool.close()
      const results: number[] = []
      for await (const result of pool) results.push(result)
      expect(results).toEqual(range(30))
    })
  })

  it('Q16 serves concurrent getters in their order, whatever is done first', async () => {
    await withVirtualClock(async () => {
      const pool = new OrderedPool(async (ms: number) => {
        await pauseFor(ms)
        return ms
      }).start()
      const getters = range(3).map(() => schedule(async () => pool.get()))
      await settle()
      for (const ms of [30, 10, 20]) await pool.put(ms)
      expect(await Promise.all(getters.map((getter) => getter.join()))).toEqual([30, 10, 20])
      await pool.close()
    })
  })

  it('Q16 is not closed while results are left', async () => {
    const pool = new OrderedPool((n: number) => n).start()
    await pool.put(1)
    await pool.close()
    expect(pool.closed).toBe(false)
    await pool.get()
    expect(pool.closed).toBe(true)
  })

  it('gives errors in their turn', async () => {
    await withVirtualClock(async () => {
      const pool = new OrderedPool(async (ms: number) => {
        await pauseFor(ms)
        if (ms === 10) throw new Error('ten')
        return ms
      }).start()
      for (const ms of [30, 10, 20]) await pool.put(ms)
      expect(await pool.get()).toBe(30)
      await expect(pool.get()).rejects.toThrow('ten')
      expect(await pool.get()).toBe(20)
      await pool.close()
    })
  })

  it('does not stall at a job that was ended, nor count jobs of run', async () => {
    await withVirtualClock(async () => {
      const pool = new OrderedPool(
        async (n: number) => {
          if (n === 1) {
            end((await import('@greenhouse/scheduler')).getCurrent())
          }
          await pauseFor(n)
          return n
        },
        { concurrency: 2 },
      ).start()
      await pool.put(0)
      const own = pool.run(7)
      for (const n of [1, 2, 3]) await pool.put(n)
      expect(await own).toBe(7)
      expect(await pool.get()).toBe(0)
      await expect(pool.get()).rejects.toMatchObject({ code: 'GH_EXIT' })
      expect([await pool.get(), await pool.get()]).toEqual([2, 3])
      await pool.close()
    })
  })
})
