import { describe, expect, it } from 'vitest'
import {
  dump,
  end,
  getCurrent,
  pause,
  schedule,
  scheduleException,
  shield,
  withTimeout,
  type Blocking,
} from '@greenhouse/scheduler'
import { resumeError, WaitList } from '@greenhouse/scheduler/kernel'
import { withVirtualClock } from '@greenhouse/scheduler/testing'

const park = <T>(list: WaitList<T>): Blocking<T> => list.park<T>(undefined, undefined, () => {})
const someTurns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await pause()
}

describe('C4 an operation of somebody else', () => {
  const list = new WaitList<string>('test')

  it('is left by an async greenlet that is ended while it awaits it', async () => {
    const operation = park(list)
    const waiter = schedule(async () => await operation)
    await someTurns()
    end(waiter)
    await expect(waiter.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    expect(waiter.state).toBe('ended')
    list.wake('kept')
    expect(await operation).toBe('kept')
  })

  it('is left by an async greenlet that is thrown into, and can be awaited again', async () => {
    const operation = park(list)
    const seen: unknown[] = []
    const waiter = schedule(async () => {
      try {
        await operation
      } catch (error) {
        seen.push((error as Error).message)
      }
      return await operation
    })
    await someTurns()
    scheduleException(new Error('thrown'), waiter)
    await someTurns()
    expect(seen).toEqual(['thrown'])
    list.wake('late')
    expect(await waiter.join()).toBe('late')
  })

  it('is left at the deadline of the scope that awaits it', async () => {
    await withVirtualClock(async () => {
      const operation = park(list)
      const waiter = schedule(async () => await withTimeout(10, async () => await operation))
      await expect(waiter.join()).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
      list.wake('kept')
      expect(await operation).toBe('kept')
    })
  })

  it('shows in the dump of who awaits it', async () => {
    const operation = park(list)
    const waiter = schedule(async () => await operation)
    await someTurns()
    expect(waiter.state).toBe('blocked')
    expect(waiter.blockedOn.map(({ kind }) => kind)).toEqual(['test'])
    expect(dump().greenlets.find(({ id }) => id === waiter.id)?.waits).toMatchObject([
      { kind: 'test' },
    ])
    list.wake('')
    await waiter.join()
    expect(waiter.blockedOn).toEqual([])
  })

  it('keeps its outcome for a greenlet that is ended in the instant of its wake', async () => {
    const operation = park(list)
    const waiter = schedule(async () => {
      const got = await operation
      try {
        await pause()
      } catch (error) {
        return [got, (error as { code: string }).code]
      }
      return [got]
    })
    await someTurns()
    list.wake('handed')
    end(waiter)
    expect(await waiter.join()).toEqual(['handed', 'GH_EXIT'])
  })

  it('answers a `then` of a greenlet that has finished since', async () => {
    const operation = park(list)
    const got: string[] = []
    await schedule(async () => {
      void operation.then((value) => got.push(value))
    }).join()
    list.wake('after')
    await someTurns()
    expect(got).toEqual(['after'])
  })

  it('belongs to the greenlet whose body gave it', async () => {
    const greenlet = schedule(() => park(list))
    await someTurns()
    expect(greenlet.blockedOn).toHaveLength(1)
    end(greenlet)
    await expect(greenlet.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    expect(list.size).toBe(0)
  })

  it('lets a greenlet be ended whose body gave it away', async () => {
    const operation = park(list)
    const greenlet = schedule(() => operation)
    await someTurns()
    end(greenlet)
    await expect(greenlet.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    list.wake('kept')
    expect(await operation).toBe('kept')
  })
})

describe('C3 an interruption', () => {
  it('lets a failure through that came in the same instant', async () => {
    for (const kind of ['generator', 'async']) {
      const list = new WaitList('test')
      const seen: unknown[] = []
      const note = (error: unknown) => seen.push((error as Error).message)
      const waiter =
        kind === 'async'
          ? schedule(async () => {
              await park(list).catch(note)
              await pause().catch(note)
            })
          : schedule(function* () {
              for (const wait of [() => park(list), pause]) {
                try {
                  yield* wait()
                } catch (error) {
                  note(error)
                }
              }
            })
      await someTurns()
      resumeError(list.shift()!, new Error('failed'))
      scheduleException(new Error('thrown'), waiter)
      await waiter.join()
      expect(seen, kind).toEqual(['failed', 'thrown'])
    }
  })

  it('lets the outcome of a scope through that came in the same instant', async () => {
    const list = new WaitList<string>('test')
    const seen: unknown[] = []
    const waiter = schedule(function* () {
      seen.push(
        yield* withTimeout(1000, function* () {
          return yield* park(list)
        }),
      )
      yield* pause()
    })
    await someTurns()
    list.wake('handed')
    // The body runs; its greenlet is ready, and has not run yet.
    await new Promise<void>((resolve) => {
      // oxlint-disable-next-line require-yield
      const spy = schedule(function* () {
        end(waiter)
        resolve()
      })
      void spy
    })
    await expect(waiter.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    expect(seen).toEqual(['handed'])
  })

  it('held back by a shield that is the last wait of a scope comes at the next wait around', async () => {
    for (const how of ['end', 'exception']) {
      const list = new WaitList('test')
      let after = ''
      const waiter = schedule(function* () {
        yield* withTimeout(1000, function* () {
          yield* shield(function* () {
            yield* park(list)
          })
        })
        after = getCurrent().state
        yield* pause()
        after = 'went on'
      })
      await someTurns()
      if (how === 'end') end(waiter)
      else scheduleException(new Error('thrown'), waiter)
      list.wake(undefined)
      await expect(waiter.join()).rejects.toMatchObject(
        how === 'end' ? { code: 'GH_EXIT' } : { message: 'thrown' },
      )
      expect(after, how).toBe('running')
    }
  })

  it('gives the values of several waits back in the order of the waits', async () => {
    const back: number[] = []
    const list = new WaitList<number>('test', (value) => back.unshift(value))
    const waiter = schedule(async () => {
      await Promise.all([park(list), park(list), park(list)])
    })
    await someTurns()
    for (const value of [1, 2, 3]) list.wake(value)
    end(waiter)
    await waiter.join().catch(() => {})
    // An async waiter that was resolved keeps its value: these were not.
    expect(back).toEqual([1, 2, 3])
  })
})

describe('a pause', () => {
  it('can be waited for by many, of any kind', async () => {
    const one = pause()
    expect(await Promise.all([one, one, one.then(() => 1)])).toEqual([undefined, undefined, 1])
    const another = pause()
    const waiters = [
      schedule(function* () {
        yield* another
        return 'generator'
      }),
      schedule(async () => {
        await another
        return 'async'
      }),
    ]
    await another
    expect(await Promise.all(waiters.map((waiter) => waiter.join()))).toEqual([
      'generator',
      'async',
    ])
  })
})

describe('a Blocking that is spread', () => {
  it('is refused, also when it is complete and only gives way', async () => {
    const spread = (wait: Iterable<unknown>) => [...wait]
    // oxlint-disable-next-line require-yield
    const greenlet = schedule(function* () {
      return spread(pause())
    })
    await expect(greenlet.join()).rejects.toMatchObject({ code: 'GH_INVALID_STATE' })
  })
})
