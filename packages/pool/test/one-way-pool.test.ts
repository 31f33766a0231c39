import {
  end,
  getCurrent,
  globalExceptionHandler,
  GreenletExit,
  pauseFor,
  removeGlobalExceptionHandler,
  schedule,
  type Greenlet,
} from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { OneWayPool } from '@greenhouse/pool'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { failing, kindsOf, range, settle } from './jobs.ts'

const reported: unknown[] = []
const hear = (error: unknown) => void reported.push(error)
beforeEach(() => {
  reported.length = 0
  globalExceptionHandler(hear)
})
afterEach(() => removeGlobalExceptionHandler(hear))

describe('OneWayPool', () => {
  const kinds = kindsOf(
    (n) => done.push(n),
    (n) => n % 7,
  )
  const done: number[] = []
  beforeEach(() => done.splice(0))

  it.each(kinds)('P03 runs all 30 jobs in `use`: %s', async (_, job) => {
    await withVirtualClock(async () => {
      const pool = new OneWayPool(job, { concurrency: 4 })
      await pool.use(async () => {
        for (const n of range(30)) await pool.put(n)
      })
      expect(done.toSorted((a, b) => a - b)).toEqual(range(30))
    })
  })

  it('P01 refuses what is put after close, and keeps nothing of it', async () => {
    const pool = new OneWayPool((n: number) => done.push(n)).start()
    await pool.close()
    for (const n of range(30)) await expect(pool.put(n)).rejects.toEqual(failing('GH_CLOSED'))
    await expect(pool.run(1)).rejects.toEqual(failing('GH_CLOSED'))
    expect(pool.statistics().queued).toBe(0)
    pool.start()
    await pool.put(1)
    await pool.close()
    expect(done).toEqual([1])
  })

  it.each(kinds)('P02 ends every worker at close: %s', async (_, job) => {
    await withVirtualClock(async () => {
      const pool = new OneWayPool(job, { concurrency: 5 }).start()
      expect(pool.statistics().workers).toBe(5)
      for (const n of range(12)) await pool.put(n)
      await pool.close()
      expect(pool.statistics().workers).toBe(0)
      expect(done).toHaveLength(12)
    })
  })

  it('P04 outlives jobs that throw, whose errors go to the exception handlers', async () => {
    for (const [kind, job] of kindsOf((n) => {
      if (n % 2 === 1) throw new Error(`odd ${n}`)
      done.push(n)
    })) {
      done.length = reported.length = 0
      const pool = new OneWayPool(job, { concurrency: 2 }).start()
      for (const n of range(10)) await pool.put(n)
      await pool.close()
      // A worker whose slice is used up waits with its job, and the other goes on: no order among workers.
      expect(
        done.toSorted((a, b) => a - b),
        kind,
      ).toEqual([0, 2, 4, 6, 8])
      const messages = reported.map((error) => (error as Error).message)
      expect(messages.toSorted(), kind).toEqual([1, 3, 5, 7, 9].map((n) => `odd ${n}`))
    }
  })

  it('keeps what is put before start, in order', async () => {
    const pool = new OneWayPool((n: number) => done.push(n), { concurrency: 1 })
    for (const n of range(3)) await pool.put(n)
    await settle()
    expect(done).toEqual([])
    expect(pool.statistics()).toMatchObject({ workers: 0, queued: 3 })
    pool.start()
    expect(await pool.join()).toBe(true)
    expect(done).toEqual([0, 1, 2])
    await pool.close()
  })

  it('does what was put when it is closed without ever being started', async () => {
    const pool = new OneWayPool((n: number) => done.push(n))
    for (const n of range(3)) await pool.put(n)
    await pool.close()
    expect(done.toSorted((a, b) => a - b)).toEqual([0, 1, 2])
    expect(pool.closed).toBe(true)
  })

  it('Q14 starts no second set of workers', async () => {
    const pool = new OneWayPool(() => {}, { concurrency: 3 }).start().start()
    await settle()
    pool.start()
    expect(pool.statistics().workers).toBe(3)
    await pool.close()
  })

  it('Q14 takes a second close, which leaves nothing for the next start', async () => {
    const pool = new OneWayPool((n: number) => done.push(n), { concurrency: 3 }).start()
    await pool.close()
    await pool.close()
    void pool.close()
    pool.start()
    await settle()
    expect(pool.statistics().workers).toBe(3)
    await pool.put(7)
    await pool.close()
    expect(done).toEqual([7])
  })

  it('opens again while it is still closing', async () => {
    await withVirtualClock(async (clock) => {
      const pool = new OneWayPool(
        async (ms: number) => {
          await pauseFor(ms)
          done.push(ms)
        },
        { concurrency: 2 },
      ).start()
      await pool.put(100)
      const closing = schedule(async () => {
        await pool.close()
        return clock.now()
      })
      await pauseFor(10)
      expect([pool.closing, pool.closed]).toEqual([true, false])
      pool.start()
      expect(await closing.join()).toBe(10)
      await pool.put(5)
      expect(pool.statistics().workers).toBe(2)
      await pool.close()
      expect(done).toEqual([5, 100])
    })
  })

  it('closes from inside a job without waiting for itself', async () => {
    const pool: OneWayPool<[], void> = new OneWayPool(async () => {
      await pool.close()
      done.push(1)
    }).start()
    await pool.put()
    await settle()
    expect(pool.closed).toBe(true)
    expect(done).toEqual([1])
    expect(pool.statistics().workers).toBe(0)
  })

  it('tells by closing and closed how far the close is', async () => {
    await withVirtualClock(async () => {
      const pool = new OneWayPool(async () => pauseFor(10)).start()
      await pool.put()
      expect([pool.closing, pool.closed]).toEqual([false, false])
      const closing = pool.close()
      expect([pool.closing, pool.closed]).toEqual([true, false])
      await closing
      expect([pool.closing, pool.closed]).toEqual([false, true])
    })
  })

  it('joins when all jobs are done, and gives false on time-out', async () => {
    await withVirtualClock(async (clock) => {
      const pool = new OneWayPool(async () => pauseFor(100), { concurrency: 1 })
      expect(await pool.join()).toBe(true)
      pool.start()
      await pool.put()
      await pool.put()
      expect(await pool.join({ timeoutMs: 150 })).toBe(false)
      expect(await pool.join({ timeoutMs: 150 })).toBe(true)
      expect(clock.now()).toBe(200)
      const reason = new Error('no more')
      await pool.put()
      const controller = new AbortController()
      const joining = pool.join({ signal: controller.signal })
      controller.abort(reason)
      await expect(joining).rejects.toBe(reason)
      await pool.close()
    })
  })

  it('refuses to be joined by one of its jobs', async () => {
    const pool: OneWayPool<[], void> = new OneWayPool(async () => void (await pool.join())).start()
    await expect(pool.run()).rejects.toEqual(failing('GH_INVALID_STATE'))
    await pool.close()
  })

  it('gives the jobs of a pool without a taker to as many workers as are allowed', async () => {
    await withVirtualClock(async (clock) => {
      let running = 0
      let most = 0
      const pool = new OneWayPool(
        async () => {
          most = Math.max(most, ++running)
          await pauseFor(10)
          running--
        },
        { size: 3 },
      ).start()
      for (let i = 0; i < 9; i++) await pool.put()
      await pool.close()
      expect(most).toBe(3)
      expect(clock.now()).toBe(30)
    })
  })
})

describe('a worker that is ended', () => {
  const ways: [string, () => (n: number) => never][] = [
    ['async', () => (async (n: number) => (n === 1 ? die() : n)) as never],
    [
      'generator',
      () =>
        function* (n: number) {
          if (n !== 1) return n
          end(getCurrent())
          yield* pauseFor(1)
          return n
        } as never,
    ],
    [
      'thrown exit',
      () =>
        ((n: number) => {
          if (n === 1) throw new GreenletExit()
          return n
        }) as never,
    ],
  ]
  async function die(): Promise<void> {
    end(getCurrent())
    await pauseFor(1)
  }

  it.each(ways)('Q15 counts its job as done and is replaced: %s', async (_, job) => {
    const pool = new OneWayPool(job(), { concurrency: 2 }).start()
    for (const n of range(6)) await pool.put(n)
    expect(await pool.join()).toBe(true)
    await settle()
    expect(pool.statistics()).toMatchObject({ workers: 2, running: 0, queued: 0 })
    await pool.close()
    expect(reported).toEqual([])
  })

  it.each(ways)('Q15 fails the `run` of its job with GH_EXIT: %s', async (_, job) => {
    const pool = new OneWayPool(job(), { concurrency: 1 }).start()
    const outcomes = await Promise.allSettled([pool.run(0), pool.run(1), pool.run(2)])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    await expect(pool.run(1)).rejects.toEqual(failing('GH_EXIT'))
    await pool.close()
  })

  it('drains what was put although the last worker dies while closing', async () => {
    const done: number[] = []
    const pool = new OneWayPool(
      async (n: number) => {
        if (n === 0) await die()
        done.push(n)
      },
      { concurrency: 1 },
    ).start()
    for (const n of range(3)) await pool.put(n)
    await pool.close()
    expect(done).toEqual([1, 2])
  })

  it('does not hit the next job when its own swallowed the end', async () => {
    await withVirtualClock(async () => {
      const workers: Greenlet[] = []
      const pool = new OneWayPool(
        async (n: number) => {
          workers.push(getCurrent())
          if (n === 0) await die().catch(() => {})
          await pauseFor(900)
          return n
        },
        { concurrency: 1 },
      ).start()
      expect(await Promise.all([pool.run(0), pool.run(1), pool.run(2)])).toEqual([0, 1, 2])
      expect(workers[0]).not.toBe(workers[1])
      expect(workers[1]).toBe(workers[2])
      await pool.close()
    })
  })

  it('is replaced when it is ended while idle, and hands on what it was handed in that instant', async () => {
    for (const [kind, job] of kindsOf(() => getCurrent())) {
      if (kind.startsWith('plain') || kind.startsWith('transpiled')) continue
      const pool = new OneWayPool<[number], Greenlet>(job, { concurrency: 1 }).start()
      const worker = await pool.run(0)
      await settle()
      const answer = pool.run(1)
      end(worker)
      expect((await answer).id, kind).not.toBe(worker.id)
      end(await answer)
      await settle()
      expect(pool.statistics().workers, kind).toBe(1)
      expect(await pool.run(2), kind).not.toBe(await answer)
      await pool.close()
    }
  })
})
