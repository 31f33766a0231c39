import { end, pause, pauseFor, schedule, type Blocking } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { OrderedPool, Pool } from '@greenhouse/pool'
import { describe, expect, it } from 'vitest'
import { failing, kindsOf, range, settle } from './jobs.ts'

const square = (n: number) => n * n
const squares = range(30).map(square)
const sorted = (all: number[]) => all.toSorted((a, b) => a - b)
const times = async <T>(count: number, get: () => Blocking<T>) => {
  const all: T[] = []
  for (let i = 0; i < count; i++) all.push(await get())
  return all
}

describe.each([
  ['Pool', Pool],
  ['OrderedPool', OrderedPool],
])('%s', (_name, Kind) => {
  it.each(kindsOf(square))('P05 gives 30 results inside `use`: %s', async (_, job) => {
    await withVirtualClock(async () => {
      const pool = new Kind<[number], number>(job)
      const results = await pool.use(async () => {
        for (const n of range(30)) await pool.put(n)
        return times(30, () => pool.get())
      })
      expect(sorted(results)).toEqual(squares)
    })
  })

  it('P05 is used by a generator greenlet as well', async () => {
    const pool = new Kind((n: number) => square(n))
    const greenlet = schedule(function* () {
      return yield* pool.use(function* () {
        for (const n of range(30)) yield* pool.put(n)
        const results: number[] = []
        for (let i = 0; i < 30; i++) results.push(yield* pool.get())
        return results
      })
    })
    expect(sorted(await greenlet.join())).toEqual(squares)
    expect(pool.closed).toBe(true)
  })

  it('closes after a `use` that throws', async () => {
    const wrong = new Error('wrong')
    for (const fail of [
      () => {
        throw wrong
      },
      () => Promise.reject(wrong),
    ]) {
      const pool = new Kind(square)
      await expect(pool.use(fail as () => Promise<never>)).rejects.toBe(wrong)
      expect(pool.closed).toBe(true)
    }
  })

  it('closes at the end of an `await using`', async () => {
    const pool = new Kind(square).start()
    await pool.put(3)
    await pool[Symbol.asyncDispose]()
    expect(await pool.get()).toBe(9)
    expect(pool.closed).toBe(true)
  })

  it.each(kindsOf(square))('P06 gives 30 results for 30 puts: %s', async (_, job) => {
    await withVirtualClock(async () => {
      const pool = new Kind<[number], number>(job, { concurrency: 3 }).start()
      for (const n of range(30)) await pool.put(n)
      expect(new Set(await times(30, () => pool.get()))).toEqual(new Set(squares))
      await pool.close()
    })
  })

  it('P07 works again after close and start', async () => {
    const pool = new Kind(square)
    for (let round = 0; round < 3; round++) {
      pool.start()
      for (const n of range(5)) await pool.put(n)
      await pool.close()
      expect(sorted(await times(5, () => pool.get()))).toEqual([0, 1, 4, 9, 16])
      await expect(pool.get()).rejects.toEqual(failing('GH_CLOSED'))
    }
  })

  it.each(kindsOf(square, (n) => (n % 2) * 10))(
    'P08 gives all results although odd jobs pause: %s',
    async (_, job) => {
      await withVirtualClock(async () => {
        const pool = new Kind<[number], number>(job, { concurrency: 4 }).start()
        for (const n of range(30)) await pool.put(n)
        expect(sorted(await times(30, () => pool.get()))).toEqual(squares)
        await pool.close()
      })
    },
  )

  it('P09 throws the error of a job at get, once, and goes on', async () => {
    const odd = (n: number) => {
      if (n % 2 === 1) throw new Error(`odd ${n}`)
      return n
    }
    for (const [kind, job] of kindsOf(odd)) {
      await withVirtualClock(async () => {
        const pool = new Kind<[number], number>(job, { concurrency: 3 }).start()
        for (const n of range(10)) await pool.put(n)
        const outcomes: unknown[] = []
        for (let i = 0; i < 10; i++) {
          outcomes.push(await pool.get().catch((error: Error) => error.message))
        }
        expect(outcomes, kind).toHaveLength(10)
        expect(new Set(outcomes), kind).toEqual(
          new Set([0, 2, 4, 6, 8, 'odd 1', 'odd 3', 'odd 5', 'odd 7', 'odd 9']),
        )
        await pool.put(2)
        expect(await pool.get(), kind).toBe(2)
        await pool.close()
      })
    }
  })

  it('P10 throws GH_CLOSED at a getter that waits at close', async () => {
    const pool = new Kind(square).start()
    const getter = schedule(async () => pool.get())
    const generator = schedule(function* () {
      return yield* pool.get()
    })
    await settle()
    void pool.close()
    const told = [getter, generator].map((one) =>
      expect(one.join()).rejects.toEqual(failing('GH_CLOSED')),
    )
    await Promise.all(told)
    await expect(pool.get()).rejects.toEqual(failing('GH_CLOSED'))
  })

  it('Q14 gives waiting getters the results on the way before it tells them', async () => {
    await withVirtualClock(async () => {
      const pool = new Kind(
        async (n: number) => {
          await pauseFor(10)
          return n
        },
        { concurrency: 1 },
      ).start()
      for (const n of [1, 2]) await pool.put(n)
      const getters = range(4).map(() => schedule(async () => pool.get()))
      await settle()
      await pool.close()
      const outcomes = await Promise.allSettled(getters.map((getter) => getter.join()))
      expect(outcomes).toEqual([
        { status: 'fulfilled', value: 1 },
        { status: 'fulfilled', value: 2 },
        { status: 'rejected', reason: failing('GH_CLOSED') },
        { status: 'rejected', reason: failing('GH_CLOSED') },
      ])
    })
  })

  it('Q14 lets a late getter have what is left, and keeps none waiting for ever', async () => {
    const pool = new Kind(square).start()
    for (const n of [1, 2]) await pool.put(n)
    await pool.close()
    expect([pool.closing, pool.closed]).toEqual([true, false])
    expect([await pool.get(), await pool.get()]).toEqual([1, 4])
    expect([pool.closing, pool.closed]).toEqual([false, true])
    await expect(pool.get()).rejects.toEqual(failing('GH_CLOSED'))
    expect(await pool.next()).toEqual({ done: true, value: undefined })
  })

  it('P11 is iterated until a job closes it', async () => {
    const pool: Pool<[number], number> = new Kind(async (n: number) => {
      if (n === 9) await pool.close()
      return n
    }).start()
    for (const n of range(10)) await pool.put(n)
    const results: number[] = []
    for await (const result of pool) results.push(result)
    expect(sorted(results)).toEqual(range(10))
  })

  it('is iterated on after the error of a job', async () => {
    const pool = new Kind(
      (n: number) => {
        if (n === 1) throw new Error('one')
        return n
      },
      { concurrency: 1 },
    ).start()
    for (const n of range(4)) await pool.put(n)
    void pool.close()
    const seen: unknown[] = []
    for (let left = true; left;) {
      try {
        for await (const result of pool) seen.push(result)
        left = false
      } catch (error) {
        seen.push((error as Error).message)
      }
    }
    expect(seen).toEqual([0, 'one', 2, 3])
  })

  it('ends a generator greenlet that iterates when it is closed', async () => {
    const pool = new Kind(square).start()
    const greenlet = schedule(function* () {
      const seen: number[] = []
      for (let step = yield* pool.next(); !step.done; step = yield* pool.next())
        seen.push(step.value)
      return seen
    })
    await pool.put(2)
    await settle()
    await pool.close()
    expect(await greenlet.join()).toEqual([4])
  })

  it('throws GH_TIMEOUT at a get whose time is up, and the reason of a signal', async () => {
    await withVirtualClock(async (clock) => {
      const pool = new Kind(square).start()
      const late = pool.get({ timeoutMs: 20 })
      await expect(late).rejects.toMatchObject({ code: 'GH_TIMEOUT', afterMs: 20 })
      expect(clock.now()).toBe(20)
      await expect(pool.get({ timeoutMs: 0 })).rejects.toEqual(failing('GH_TIMEOUT'))
      const controller = new AbortController()
      const aborted = pool.get({ signal: controller.signal })
      controller.abort(new Error('stop'))
      await expect(aborted).rejects.toThrow('stop')
      expect(pool.statistics().waitingGets).toBe(0)
      await pool.put(3)
      expect(await pool.get({ timeoutMs: 20 })).toBe(9)
      await pool.close()
    })
  })

  it('Q15 gives the end of a job as its outcome, so that no getter waits for it in vain', async () => {
    const pool = new Kind(async (n: number) =>
      n === 1 ? Promise.reject(await ended()) : n,
    ).start()
    const ended = async () => {
      const { getCurrent } = await import('@greenhouse/scheduler')
      end(getCurrent())
      return pause().catch((exit: unknown) => exit)
    }
    for (const n of range(3)) await pool.put(n)
    const outcomes = await Promise.allSettled(range(3).map(() => pool.get()))
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([
      { status: 'rejected', reason: failing('GH_EXIT') },
    ])
    await settle()
    expect(pool.statistics().workers).toBe(10)
    await pool.close()
  })

  it('loses nothing when a getter is ended in the instant of hand-over', async () => {
    const pool = new Kind((n: number) => n, { concurrency: 1 }).start()
    const getter = schedule(function* () {
      return yield* pool.get()
    })
    const iterating = schedule(function* () {
      return yield* pool.next()
    })
    await settle()
    const third = schedule(async () => pool.get())
    await settle()
    void pool.run(0).then(() => {})
    pool.crew.receiver.deliver({ args: [], reply: null, place: 0 }, false, 'a')
    pool.crew.receiver.deliver({ args: [], reply: null, place: 1 }, false, 'b')
    end(getter)
    end(iterating)
    await expect(getter.join()).rejects.toEqual(failing('GH_EXIT'))
    expect(await third.join()).toBe('a')
    expect(await pool.get()).toBe('b')
    await pool.close()
  })
})

describe('run', () => {
  it('gives its own result, which never comes out of get', async () => {
    await withVirtualClock(async () => {
      for (const [kind, job] of kindsOf(square, (n) => 10 - n)) {
        const pool = new Pool<[number], number>(job).start()
        await pool.put(9)
        expect(await Promise.all([3, 1, 2].map((n) => pool.run(n))), kind).toEqual([9, 1, 4])
        expect(await pool.get(), kind).toBe(81)
        expect(pool.statistics().results, kind).toBe(0)
        await pool.close()
      }
    })
  })

  it('throws its own error', async () => {
    for (const [kind, job] of kindsOf(() => {
      throw new Error('mine')
    })) {
      const pool = new OrderedPool<[number], number>(job).start()
      await expect(pool.run(1), kind).rejects.toThrow('mine')
      const greenlet = schedule(function* () {
        try {
          return yield* pool.run(1)
        } catch (error) {
          return (error as Error).message
        }
      })
      expect(await greenlet.join(), kind).toBe('mine')
      await pool.close()
    }
  })

  it('takes its job back when the caller is ended before it began', async () => {
    const done: number[] = []
    const pool = new Pool((n: number) => done.push(n)).start()
    await pool.close()
    const idle = new Pool((n: number) => done.push(n))
    const caller = schedule(async () => idle.run(1))
    await settle()
    end(caller)
    await settle()
    idle.start()
    await idle.put(2)
    expect(await idle.join()).toBe(true)
    expect(done).toEqual([2])
    await idle.close()
  })

  it('drops the result, but not the error, of a job whose caller is ended while it runs', async () => {
    const { globalExceptionHandler, removeGlobalExceptionHandler } =
      await import('@greenhouse/scheduler')
    const reported: unknown[] = []
    const hear = globalExceptionHandler((error) => void reported.push(error))
    await withVirtualClock(async () => {
      const pool = new Pool(async (n: number) => {
        await pauseFor(10)
        if (n === 1) throw new Error('late')
      }).start()
      const callers = range(2).map((n) => schedule(async () => pool.run(n)))
      await pauseFor(1)
      callers.forEach(end)
      await pool.close()
      expect(reported).toEqual([new Error('late')])
    })
    removeGlobalExceptionHandler(hear)
  })
})
