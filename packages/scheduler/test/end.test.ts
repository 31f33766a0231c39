import { describe, expect, it } from 'vitest'
import {
  end,
  getCurrent,
  globalExceptionHandler,
  GreenletExit,
  mainGreenlet,
  pause,
  pauseFor,
  removeGlobalExceptionHandler,
  schedule,
  scheduleException,
  scheduleExceptionAt,
  scheduleExceptionIn,
  greenlet,
  wait,
  type Greenlet,
} from '@greenhouse/scheduler'
import { giveFalse, WaitList } from '@greenhouse/scheduler/kernel'
import { withVirtualClock } from '@greenhouse/scheduler/testing'

const INVALID = expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' })
const dead = async () => {
  const one = schedule(() => 1)
  await one.join()
  return one
}
const never = () => new Promise<never>(() => {})

describe('scheduleException', () => {
  it('S12 surfaces at the wait, and can be caught there', async () => {
    const caught: unknown[] = []
    const generator = schedule(function* () {
      try {
        yield* pauseFor(Infinity)
      } catch (error) {
        caught.push(error)
      }
      return 'went on'
    })
    const asynchronous = schedule(async () => {
      try {
        await pauseFor(Infinity)
      } catch (error) {
        caught.push(error)
      }
      return 'went on'
    })
    await pause()
    scheduleException('to generator', generator)
    scheduleException('to async', asynchronous)
    expect(await generator.join()).toBe('went on')
    expect(await asynchronous.join()).toBe('went on')
    expect(caught).toEqual(['to generator', 'to async'])
  })

  it('S13 S16 S19 S22 refuses what is no greenlet with a TypeError', () => {
    const plain = (() => 1) as never
    expect(() => scheduleException(1, plain)).toThrow(TypeError)
    expect(() => scheduleExceptionIn(1, 1, plain)).toThrow(TypeError)
    expect(() => scheduleExceptionAt(1, 1, plain)).toThrow(TypeError)
    expect(() => end(plain)).toThrow(TypeError)
    expect(() => end(plain)).toThrow(INVALID)
  })

  it('S14 S17 S20 refuses a finished greenlet with a RangeError', async () => {
    const one = await dead()
    expect(() => scheduleException(1, one)).toThrow(RangeError)
    expect(() => scheduleExceptionIn(1, 1, one)).toThrow(RangeError)
    expect(() => scheduleExceptionAt(1, 1, one)).toThrow(INVALID)
  })

  it('S15 S18 interrupts a longer sleep at the earlier time', () =>
    withVirtualClock(async (clock) => {
      const sleeper = () =>
        schedule(async () => {
          await pauseFor(1000).catch(() => {})
          return clock.now()
        })
      const one = sleeper()
      const two = sleeper()
      await pause()
      scheduleExceptionIn(10, new Error('in'), one)
      scheduleExceptionAt(20, new Error('at'), two)
      expect(await one.join()).toBe(10)
      expect(await two.join()).toBe(20)
    }))

  it('Q9 keeps scheduled exceptions for their times, and several apart', () =>
    withVirtualClock(async (clock) => {
      const seen: string[] = []
      const one = schedule(function* () {
        while (seen.length < 3) {
          try {
            yield* pauseFor(7)
            if (clock.now() > 50) return
          } catch (error) {
            seen.push(`${String(error)}@${clock.now()}`)
          }
        }
      })
      await pause()
      scheduleExceptionIn(30, 'b', one)
      scheduleExceptionIn(10, 'a', one)
      scheduleExceptionIn(40, 'c', one)
      await one.join()
      expect(seen).toEqual(['a@10', 'b@30', 'c@40'])
    }))

  it('rejects the oldest wait of main, and its next one when it has none', async () => {
    const list = new WaitList<string>('test')
    const first = list.park(undefined, undefined, giveFalse)
    const second = list.park(undefined, undefined, giveFalse)
    scheduleException(new Error('for main'), mainGreenlet)
    await expect(first).rejects.toThrow('for main')
    list.wake('mine')
    expect(await second).toBe('mine')
    scheduleException(new Error('next'), mainGreenlet)
    await expect(pause()).rejects.toThrow('next')
    await pause()
  })
})

/** What a greenlet does between its start and its end, of each kind. */
const kinds: readonly [string, (before: () => void, after: () => void) => Greenlet][] = [
  [
    'generator',
    (before, after) =>
      schedule(function* () {
        try {
          yield* pauseFor(1000)
          after()
        } finally {
          yield* pause()
          before()
        }
      }),
  ],
  [
    'async',
    (before, after) =>
      schedule(async () => {
        try {
          await pauseFor(1000)
          after()
        } finally {
          await pause()
          before()
        }
      }),
  ],
]

describe.each(kinds)('end of a greenlet that is %s', (_kind, make) => {
  it('S21 runs its finally blocks, which may wait, and nothing after the wait', async () => {
    const seen: string[] = []
    const one = make(
      () => seen.push('cleanup'),
      () => seen.push('after'),
    )
    await pause()
    end(one)
    await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT', greenlet: one })
    expect(seen).toEqual(['cleanup'])
    expect(one.state).toBe('ended')
  })

  it('never starts one that is ended before its start', async () => {
    const seen: string[] = []
    const one = make(
      () => seen.push('cleanup'),
      () => seen.push('after'),
    )
    end(one)
    expect(one.state).toBe('ended')
    await pause()
    expect(seen).toEqual([])
  })

  it('delivers a second end while the first is under way only once', async () => {
    let cleanups = 0
    const one = make(
      () => cleanups++,
      () => {},
    )
    await pause()
    end(one)
    end(one)
    await one.join().catch(() => {})
    expect(cleanups).toBe(1)
  })

  it('S23 leaves a finished one alone', async () => {
    const one = make(
      () => {},
      () => {},
    )
    await pause()
    end(one)
    await one.join().catch(() => {})
    end(one)
    expect(one.state).toBe('ended')
  })

  it('is silent when nobody joins', async () => {
    const heard: unknown[] = []
    const handler = globalExceptionHandler((error) => heard.push(error))
    const one = make(
      () => {},
      () => {},
    )
    await pause()
    end(one)
    while (one.state !== 'ended') await pause()
    removeGlobalExceptionHandler(handler)
    expect(heard).toEqual([])
  })
})

describe('end', () => {
  it('ends the current greenlet at its next wait, before that tries anything', async () => {
    let taken = 0
    const list = new WaitList('test')
    const take = () => {
      taken++
      return list.complete(true)
    }
    const one = schedule(async () => {
      end(getCurrent())
      const { refuse } = await import('@greenhouse/scheduler/kernel')
      await (refuse() ?? take())
    })
    await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    expect(taken).toBe(0)
  })

  it('ends a generator that waits for a foreign promise at once', async () => {
    const one = schedule(function* () {
      yield* wait(never())
    })
    await pause()
    end(one)
    await expect(one.join()).rejects.toBeInstanceOf(GreenletExit)
  })

  it('ends an async greenlet on a bare foreign promise at its next wait', async () => {
    let release!: () => void
    const gate = new Promise<void>((resolve) => (release = resolve))
    const seen: string[] = []
    const one = schedule(async () => {
      await gate
      seen.push('foreign promise done')
      await pauseFor(1000)
      seen.push('after')
    })
    await pause()
    end(one)
    release()
    await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    expect(seen).toEqual(['foreign promise done'])
  })

  it('rejects all waits of a Promise.all that is ended', async () => {
    const list = new WaitList('test')
    const outcomes: string[] = []
    const one = schedule(async () => {
      const two = [1, 2].map((n) =>
        list.park(undefined, undefined, giveFalse).catch((error: { code: string }) => {
          outcomes.push(n + error.code)
          throw error
        }),
      )
      await Promise.all(two)
    })
    await pause()
    expect(list.size).toBe(2)
    end(one)
    await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    expect(outcomes).toEqual(['1GH_EXIT', '2GH_EXIT'])
    expect(list.size).toBe(0)
    // Delivered once: what the greenlet did after would not have been interrupted again.
  })

  it('interrupts a pause', async () => {
    for (const body of [
      function* () {
        yield* pause()
        yield* pause()
        return 'survived'
      },
      async () => {
        await pause()
        await pause()
        return 'survived'
      },
    ]) {
      const one = schedule(body as () => Promise<string>)
      await pause()
      end(one)
      await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    }
  })

  it('comes again after the grace period where code swallows it, once a period', () =>
    withVirtualClock(async (clock) => {
      const seen: number[] = []
      const stubborn = schedule(async () => {
        for (;;) {
          try {
            await pauseFor(300)
          } catch {
            seen.push(clock.now())
            if (seen.length === 3) return
          }
        }
      })
      const stubbornGenerator = schedule(function* () {
        let ends = 0
        while (ends < 2) {
          try {
            yield* pauseFor(300)
          } catch {
            ends++
          }
        }
        return clock.now()
      })
      await pause()
      end(stubborn)
      end(stubbornGenerator)
      await stubborn.join()
      expect(seen).toEqual([0, 1000, 2000])
      expect(await stubbornGenerator.join()).toBe(1000)
      expect(stubborn.state).toBe('finished')
    }))

  it('aborts the signal of the greenlet with the exit', async () => {
    const one = schedule(async () => pauseFor(1000))
    const { signal } = one
    await pause()
    expect(signal.aborted).toBe(false)
    end(one)
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toMatchObject({ code: 'GH_EXIT' })
    await one.join().catch(() => {})
  })

  it('refuses main', () => {
    expect(() => end(mainGreenlet)).toThrow(INVALID)
  })

  it('ends quietly a body that throws a GreenletExit itself', async () => {
    const one = schedule(() => {
      throw new GreenletExit('enough')
    })
    await pause()
    expect(one.state).toBe('ended')
    await expect(one.join()).rejects.toThrow('enough')
  })

  it('fails a greenlet that lets the exit of another one through', async () => {
    const heard: unknown[] = []
    const ended = greenlet(() => 1)
    end(ended)
    const joiner = schedule(async () => ended.join())
    await expect(joiner.join()).rejects.toMatchObject({ code: 'GH_EXIT', greenlet: ended })
    expect(joiner.state).toBe('failed')
    expect(heard).toEqual([])
  })
})

describe('hand-over in the instant of an end', () => {
  it('passes the value of a woken generator on to the next waiter', async () => {
    const list = new WaitList<string>('test', (value) => list.wake(value) || back.push(value))
    const back: string[] = []
    const got: string[] = []
    const getter = function* (name: string) {
      got.push(name + (yield* list.park<string>(undefined, undefined, giveFalse)))
    }
    const first = schedule(getter, 'first ')
    const second = schedule(getter, 'second ')
    await pause()
    list.wake('item')
    end(first)
    await second.join()
    expect(got).toEqual(['second item'])
    expect(first.state).toBe('ended')
    const third = schedule(getter, 'third ')
    await pause()
    list.wake('lost?')
    end(third)
    await third.join().catch(() => {})
    expect(back).toEqual(['lost?'])
  })

  it('gives an async waiter that was resolved its value, and the end at its next wait', async () => {
    const list = new WaitList<string>('test', (value) => back.push(value))
    const back: string[] = []
    const got: string[] = []
    const one = schedule(async () => {
      got.push(await list.park<string>(undefined, undefined, giveFalse))
      await pauseFor(1000)
      got.push('after')
    })
    await pause()
    list.wake('item')
    await pause()
    end(one)
    await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    expect([...got, ...back]).toEqual(['item'])
  })

  it('takes back what was received and never consumed when the greenlet finishes', async () => {
    const back: string[] = []
    const list = new WaitList<string>('test', (value) => back.push(value))
    const one = schedule(async () => {
      void list.complete('born complete')
      void list.park(undefined, undefined, giveFalse)
      list.wake('handed over')
    })
    await one.join()
    expect(back).toEqual(['born complete', 'handed over'])
  })
})
