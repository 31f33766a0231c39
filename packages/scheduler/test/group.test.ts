import { describe, expect, it } from 'vitest'
import {
  all,
  end,
  first,
  globalExceptionHandler,
  Group,
  pause,
  pauseFor,
  removeGlobalExceptionHandler,
  schedule,
  wait,
  withTimeout,
  type Blocking,
} from '@greenhouse/scheduler'
import { giveFalse, WaitList } from '@greenhouse/scheduler/kernel'
import { withVirtualClock } from '@greenhouse/scheduler/testing'

describe('Group', () => {
  it('takes time in proportion to its children, also where few run at once', async () => {
    const CHILDREN = 100_000
    let ran = 0
    const run = (ended: boolean) =>
      Group.run(
        (group) => {
          for (let i = 0; i < CHILDREN; i++) group.schedule(() => void ran++)
          if (ended) group.end()
        },
        { concurrency: 2 },
      )
    const before = process.cpuUsage()
    await run(false)
    await run(true)
    // Looking for a child among those that wait costs seconds.
    expect(process.cpuUsage(before).user).toBeLessThan(4_000_000)
    expect(ran).toBe(CHILDREN)
  })

  it('does not run more children at once where one that waits for its turn is ended', async () => {
    let inside = 0
    let most = 0
    await Group.run(
      async (group) => {
        const children = Array.from({ length: 6 }, () =>
          group.schedule(async () => {
            most = Math.max(most, ++inside)
            await pauseFor(1)
            inside--
          }),
        )
        await pause()
        end(children[3]!)
        end(children[4]!)
      },
      { concurrency: 2 },
    )
    expect(most).toBe(2)
  })

  it('waits for all children, in both faces', () =>
    withVirtualClock(async (clock) => {
      const ran: string[] = []
      const child = async (name: string, ms: number) => {
        await pauseFor(ms)
        ran.push(name)
      }
      const value = await Group.run(async (group) => {
        group.schedule(child, 'slow', 20)
        group.schedule(child, 'fast', 10)
        return 'value'
      })
      expect([value, clock.now(), ...ran]).toEqual(['value', 20, 'fast', 'slow'])
      const generator = schedule(function* () {
        return yield* Group.run(function* (group) {
          group.schedule(child, 'third', 5)
          yield* pause()
          return group.size
        })
      })
      expect(await generator.join()).toBe(1)
      expect(ran).toHaveLength(3)
    }))

  it('cancels the siblings and the body at the first failure, and lets their cleanup run', () =>
    withVirtualClock(async (clock) => {
      const seen: string[] = []
      const call = Group.run(async (group) => {
        group.schedule(async () => {
          try {
            await pauseFor(1000)
          } finally {
            await pauseFor(3)
            seen.push(`sibling@${clock.now()}`)
          }
        })
        group.schedule(async () => {
          await pauseFor(10)
          throw new Error('first failure')
        })
        try {
          await pauseFor(1000)
        } finally {
          seen.push(`body@${clock.now()}`)
        }
      })
      await expect(call).rejects.toThrow('first failure')
      expect(seen).toEqual(['body@10', 'sibling@13'])
    }))

  it('gives errors of several as one AggregateError, without the noise of cancellation', async () => {
    const call = Group.run((group) => {
      group.schedule(async () => {
        await pause()
        throw new Error('a')
      })
      group.schedule(async () => {
        try {
          await pauseFor(1000)
        } finally {
          await Promise.reject(new Error('in cleanup'))
        }
      })
      group.schedule(async () => pauseFor(1000))
    })
    const error = await call.then(
      () => null,
      (error: AggregateError) => error,
    )
    expect(error).toBeInstanceOf(AggregateError)
    expect(error!.errors.map((one: Error) => one.message)).toEqual(['a', 'in cleanup'])
  })

  it('runs no more children at once than its concurrency', () =>
    withVirtualClock(async (clock) => {
      let running = 0
      let most = 0
      await Group.run(
        (group) => {
          for (let i = 0; i < 10; i++) {
            group.schedule(async () => {
              most = Math.max(most, ++running)
              await pauseFor(10)
              running--
            })
          }
        },
        { concurrency: 3 },
      )
      expect([most, clock.now()]).toEqual([3, 40])
    }))

  it('ends by hand, and takes no more children then', async () => {
    let kept!: Group
    const value = await Group.run(async (group) => {
      kept = group
      group.schedule(async () => pauseFor(5000))
      await pause()
      group.end()
      await pauseFor(5000)
      return 'never'
    })
    expect(value).toBe(undefined)
    expect(() => kept.schedule(() => 1)).toThrow(expect.objectContaining({ code: 'GH_CLOSED' }))
  })

  it('is not failed by a child that is ended by itself', async () => {
    await Group.run(async (group) => {
      const child = group.schedule(async () => pauseFor(5000))
      await pause()
      end(child)
    })
  })

  it('is ended by a deadline around it and by the end of its greenlet, children first', () =>
    withVirtualClock(async (clock) => {
      const seen: string[] = []
      const body = async () =>
        Group.run((group) => {
          group.schedule(async () => {
            try {
              await pauseFor(5000)
            } finally {
              await pauseFor(2)
              seen.push(`child@${clock.now()}`)
            }
          })
        })
      await expect(withTimeout(10, body)).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
      expect(seen).toEqual(['child@12'])
      const one = schedule(body)
      await pauseFor(8)
      end(one)
      await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
      expect(seen).toEqual(['child@12', 'child@22'])
    }))

  it('detaches a child on a foreign promise after the grace, and reports its late error', () =>
    withVirtualClock(async (clock) => {
      const heard: unknown[] = []
      const handler = globalExceptionHandler((error) => heard.push(error))
      let fail!: (error: Error) => void
      const foreign = new Promise<void>((_resolve, reject) => (fail = reject))
      const call = Group.run(
        (group) => {
          group.schedule(async () => foreign)
          group.schedule(() => {
            throw new Error('failure')
          })
        },
        { graceMs: 50 },
      )
      await expect(call).rejects.toThrow('failure')
      expect(clock.now()).toBe(50)
      fail(new Error('late'))
      await pauseFor(1)
      expect(heard).toMatchObject([{ message: 'late' }])
      removeGlobalExceptionHandler(handler)
    }))
})

describe('first', () => {
  const park = (list: WaitList<string>) => () => list.park<string>(undefined, undefined, giveFalse)

  it('gives the first outcome and withdraws the others, which lose nothing', async () => {
    const back: string[] = []
    const one = new WaitList<string>('one', (value) => back.push(value))
    const two = new WaitList<string>('two', (value) => back.push(value))
    const race = first([park(one), park(two)])
    two.wake('from two')
    one.wake('from one')
    expect(await race).toBe('from two')
    expect(back).toEqual(['from one'])
    expect([one.size, two.size]).toEqual([0, 0])
  })

  it('never calls the functions after one that is born complete', async () => {
    const list = new WaitList<string>('list')
    let called = false
    const won = first<string>([
      park(list),
      () => list.complete('complete'),
      () => {
        called = true
        return list.complete('other')
      },
    ])
    expect(await won).toBe('complete')
    expect([called, list.size]).toEqual([false, 0])
  })

  it('refuses operations where functions belong', () => {
    const operation = pause() as unknown as () => Blocking<void>
    expect(() => first([operation])).toThrow(
      expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }),
    )
    expect(() => first([])).toThrow(TypeError)
  })

  it('times out, is ended, and withdraws its waits both times', () =>
    withVirtualClock(async () => {
      const list = new WaitList<string>('list')
      await expect(first([park(list)], { timeoutMs: 5 })).rejects.toMatchObject({
        code: 'GH_TIMEOUT',
      })
      expect(list.size).toBe(0)
      const one = schedule(function* () {
        yield* first([park(list), () => wait(new Promise<string>(() => {}))])
      })
      await pause()
      expect(list.size).toBe(1)
      end(one)
      await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
      expect(list.size).toBe(0)
    }))
})

describe('all', () => {
  it('gives all values in order', async () => {
    const values = await all<unknown>([
      () => pauseFor(2).then(() => 1),
      Promise.resolve(2),
      pause(),
    ])
    expect(values).toEqual([1, 2, undefined])
    expect(await all([])).toEqual([])
  })

  it('withdraws the others at the first failure', async () => {
    const list = new WaitList<string>('list')
    const call = all<unknown>([
      list.park(undefined, undefined, giveFalse),
      Promise.reject(new Error('one failed')),
    ])
    await expect(call).rejects.toThrow('one failed')
    expect(list.size).toBe(0)
  })
})
