import { execFile } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import {
  end,
  pause,
  pauseFor,
  schedule,
  scheduleException,
  wait,
  type Blocking,
  type Greenlet,
} from '@greenhouse/scheduler'
import { complete, fail, giveFalse, resumeError, WaitList } from '@greenhouse/scheduler/kernel'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { keepingTimers, nextDueMs } from '../src/core/timers.ts'
import { watchRejections } from './support/rejections.ts'

const INVALID_STATE = expect.objectContaining({ code: 'GH_INVALID_STATE' })
const INVALID_ARGUMENT = expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' })
const EXIT = expect.objectContaining({ code: 'GH_EXIT' })

const parkOn = (list: WaitList<string>) => list.park<string>(undefined, undefined, giveFalse)
/** What lint would not let pass on a Blocking. */
const spread = (waiting: Iterable<unknown>) => [...waiting]
const never = () => new Promise<never>(() => {})

describe('an operation that can finish at once', () => {
  it('is born complete: yield* does not switch', async () => {
    const order: string[] = []
    schedule(function* () {
      order.push('before')
      order.push(yield* complete('value'))
      yield* complete(undefined)
      order.push('after')
      yield* pause()
      order.push('after a switch')
    })
    schedule(() => void order.push('other'))
    await pause()
    expect(order).toEqual(['before', 'value', 'after', 'other'])
    await pause()
    expect(order.at(-1)).toBe('after a switch')
  })

  it('gives its outcome as often as it is asked, also a failure', async () => {
    const done = complete('value')
    const failed = fail(new Error('no'))
    const one = schedule(function* () {
      const caught: unknown[] = []
      for (let i = 0; i < 2; i++) {
        try {
          yield* failed
        } catch (error) {
          caught.push(error)
        }
      }
      return [yield* done, yield* done, caught[0] === caught[1], (caught[0] as Error).message]
    })
    expect(await one.join()).toEqual(['value', 'value', true, 'no'])
    expect(await done).toBe('value')
    await expect(failed).rejects.toThrow('no')
  })

  it('starts when it is called, not when it is waited for', async () => {
    const list = new WaitList<string>('test')
    const one = schedule(function* () {
      const waiting = parkOn(list)
      yield* pause()
      return yield* waiting
    })
    await pause()
    expect(list.size).toBe(1)
    list.wake('early')
    expect(await one.join()).toBe('early')
  })
})

describe('the consumers of an operation', () => {
  it('get its outcome in any greenlet, in order of arrival', async () => {
    const list = new WaitList<string>('test')
    const got: string[] = []
    let shared!: Blocking<string>
    const owner = schedule(function* () {
      shared = parkOn(list)
      got.push(`owner ${yield* shared}`)
    })
    await pause()
    const generator = function* (name: string) {
      got.push(`${name} ${yield* shared}`)
    }
    const others: Greenlet[] = [schedule(generator, 'generator')]
    await pause()
    others.push(schedule(async () => void got.push(`async ${await shared}`)))
    await pause()
    others.push(schedule(generator, 'second generator'))
    await pause()
    const main = shared.then((value) => got.push(`main ${value}`))
    expect(got).toEqual([])
    list.wake('x')
    for (const one of [owner, ...others]) await one.join()
    await main
    expect(got).toEqual(['owner x', 'generator x', 'async x', 'second generator x', 'main x'])
  })

  it('may be one greenlet twice, in each kind', async () => {
    const list = new WaitList<string>('test')
    const generator = schedule(function* () {
      const waiting = parkOn(list)
      return [yield* waiting, yield* waiting]
    })
    const asynchronous = schedule(async () => {
      const waiting = parkOn(list)
      return [...(await Promise.all([waiting, waiting])), await waiting]
    })
    await pause()
    list.wake('g')
    list.wake('a')
    expect(await generator.join()).toEqual(['g', 'g'])
    expect(await asynchronous.join()).toEqual(['a', 'a', 'a'])
  })

  it('all get the error of a failed one', async () => {
    const list = new WaitList<string>('test')
    let shared!: Blocking<string>
    const owner = schedule(function* () {
      yield* (shared = parkOn(list))
    })
    await pause()
    const other = schedule(async () => shared)
    const joined = [owner, other].map((one) => one.join())
    await pause()
    const error = new Error('broken')
    resumeError(list.shift()!, error)
    for (const one of joined) await expect(one).rejects.toBe(error)
  })

  it('get the end of the greenlet that called it, which does not end them', async () => {
    const list = new WaitList<string>('test')
    let shared!: Blocking<string>
    const owner = schedule(function* () {
      yield* (shared = parkOn(list))
    })
    await pause()
    const consumer = schedule(function* () {
      try {
        yield* shared
      } catch (error) {
        yield* pause()
        return error
      }
      return 'nothing'
    })
    await pause()
    end(owner)
    expect(await consumer.join()).toMatchObject({ code: 'GH_EXIT', greenlet: owner })
    expect(consumer.state).toBe('finished')
  })

  it('leave it to the others when one of them is ended', async () => {
    const list = new WaitList<string>('test')
    let shared!: Blocking<string>
    const owner = schedule(function* () {
      return yield* (shared = parkOn(list))
    })
    await pause()
    const consumer = schedule(function* () {
      yield* shared
    })
    await pause()
    end(consumer)
    await expect(consumer.join()).rejects.toEqual(EXIT)
    expect(list.size).toBe(1)
    list.wake('still there')
    expect(await owner.join()).toBe('still there')
  })

  it('are resumed only by the record on which they are parked', async () => {
    const first = new WaitList<string>('first')
    const second = new WaitList<string>('second')
    let shared!: Blocking<string>
    const owner = schedule(function* () {
      return yield* (shared = parkOn(first))
    })
    await pause()
    const consumer = schedule(function* () {
      try {
        yield* shared
      } catch {
        return yield* parkOn(second)
      }
      return 'not interrupted'
    })
    await pause()
    scheduleException(new Error('elsewhere'), consumer)
    await pause()
    expect(second.size).toBe(1)
    first.wake('out of date')
    expect(await owner.join()).toBe('out of date')
    await pause()
    expect(consumer.state).toBe('blocked')
    second.wake('right')
    expect(await consumer.join()).toBe('right')
  })
})

describe('an operation that nobody consumes', () => {
  it('is silent when it was cancelled', async () => {
    const list = new WaitList<string>('test')
    const seen = await watchRejections(async () => {
      const generator = schedule(function* () {
        void parkOn(list)
        void pauseFor(1000)
        yield* pause()
      })
      const asynchronous = schedule(async () => {
        void parkOn(list)
        await pauseFor(1000)
      })
      await pause()
      end(asynchronous)
      await generator.join()
      await asynchronous.join().catch(() => {})
    })
    expect(list.size).toBe(0)
    expect(seen.unhandled).toEqual([])
  })

  it('is an unhandled rejection when it failed, until a late consumer handles it', async () => {
    const list = new WaitList<string>('test')
    const error = new Error('lost?')
    let failed!: Blocking<string>
    const seen = await watchRejections(async ({ unhandled }) => {
      failed = parkOn(list)
      resumeError(list.shift()!, error)
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).toEqual([error])
      await expect(failed).rejects.toBe(error)
    })
    expect(seen).toEqual({ unhandled: [error], handledLater: 1 })
  })

  it('is one in a greenlet that goes on, too, born failed or failed later', async () => {
    const list = new WaitList<string>('test')
    const errors = [new Error('born failed'), new Error('failed later')]
    const seen = await watchRejections(async () => {
      const one = schedule(function* () {
        void fail(errors[0])
        void parkOn(list)
        yield* pause()
        return 'went on'
      })
      await pause()
      resumeError(list.shift()!, errors[1])
      expect(await one.join()).toBe('went on')
    })
    expect(seen.unhandled).toEqual(errors)
  })

  it('is none when it is consumed before the microtask queue empties', async () => {
    const seen = await watchRejections(async () => {
      const late = fail(new Error('taken in time'))
      queueMicrotask(() => queueMicrotask(() => void late.catch(() => {})))
      const one = schedule(function* () {
        const failed = fail(new Error('taken by yield*'))
        try {
          yield* failed
        } catch {
          return 'caught'
        }
        return 'not thrown'
      })
      expect(await one.join()).toBe('caught')
    })
    expect(seen).toEqual({ unhandled: [], handledLater: 0 })
  })

  it('is one when it was only spread by mistake', async () => {
    const list = new WaitList<string>('test')
    const error = new Error('nobody waits')
    const seen = await watchRejections(async () => {
      const one = schedule(function* () {
        try {
          spread(parkOn(list))
        } catch {}
        yield* pause()
        yield* pause()
      })
      await pause()
      resumeError(list.shift()!, error)
      await one.join()
    })
    expect(seen.unhandled).toEqual([error])
  })

  it('is one when all its consumers have left before it failed', async () => {
    const list = new WaitList<string>('test')
    const error = new Error('nobody left')
    const seen = await watchRejections(async () => {
      const shared = parkOn(list)
      const consume = function* () {
        yield* shared
      }
      const consumers = [schedule(consume), schedule(consume)]
      await pause()
      for (const one of consumers) {
        end(one)
        await one.join().catch(() => {})
      }
      resumeError(list.shift()!, error)
    })
    expect(seen.unhandled).toEqual([error])
  })

  it("goes Node's own way: the process dies of it", async () => {
    const program = `
      import { fail } from '@greenhouse/scheduler/kernel'
      fail(new Error('nobody took me'))
      setTimeout(() => console.log('not reached'), 60_000)`
    const flags = ['--conditions=@greenhouse/source', '--import=tsx', '--input-type=module']
    const died = promisify(execFile)(process.execPath, [...flags, '--eval', program])
    await expect(died).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('Error: nobody took me'),
    })
  })
})

describe('misuse of a Blocking', () => {
  it('spread while it is parked throws GH_INVALID_STATE', async () => {
    const list = new WaitList<string>('test')
    const one = schedule(function* () {
      const waiting = parkOn(list)
      let code: unknown
      try {
        spread(waiting)
      } catch (error) {
        code = (error as { code: string }).code
      }
      yield* pause()
      return [code, yield* waiting]
    })
    await pause()
    await pause()
    expect(one.state).toBe('blocked')
    list.wake('still works')
    expect(await one.join()).toEqual(['GH_INVALID_STATE', 'still works'])
  })

  it('spread by mistake, it can be waited for at once, and wakes once', async () => {
    const list = new WaitList<string>('test')
    const order: string[] = []
    const one = schedule(function* () {
      const waiting = parkOn(list)
      try {
        spread(waiting)
      } catch {}
      order.push(yield* waiting)
      yield* pause()
      order.push('after its pause')
    })
    await pause()
    list.wake('woken')
    schedule(() => void order.push('in its pause'))
    await one.join()
    expect(order).toEqual(['woken', 'in its pause', 'after its pause'])
  })

  it('is not woken by a record that it spread and left', async () => {
    const left = new WaitList<string>('left')
    const proper = new WaitList<string>('proper')
    const one = schedule(function* () {
      try {
        spread(parkOn(left))
      } catch {}
      return yield* parkOn(proper)
    })
    await pause()
    left.wake('wrong')
    await pause()
    expect(one.state).toBe('blocked')
    proper.wake('right')
    expect(await one.join()).toBe('right')
  })

  it('iterated outside a generator greenlet throws GH_INVALID_STATE', async () => {
    const list = new WaitList<string>('test')
    const tryToSpread = () => {
      const waiting = parkOn(list)
      expect(() => spread(waiting)).toThrow(INVALID_STATE)
      expect(() => spread(waiting)).toThrow(/use `await` here/)
      list.wake('over')
      return waiting
    }
    expect(await tryToSpread()).toBe('over')
    const asynchronous = schedule(async () => {
      const first = await tryToSpread()
      return [first, await tryToSpread()]
    })
    expect(await asynchronous.join()).toEqual(['over', 'over'])
    expect(await schedule(() => tryToSpread()).join()).toBe('over')
  })

  it('yield instead of yield* throws GH_INVALID_ARGUMENT there, and can be caught', async () => {
    const list = new WaitList<string>('test')
    for (const nonsense of [() => parkOn(list), () => complete(1), () => 7, () => never()]) {
      const one = schedule(function* (): Generator<never, unknown> {
        try {
          yield nonsense() as never
        } catch (error) {
          return error
        }
        return 'went on'
      })
      const error = await one.join()
      expect(error).toBeInstanceOf(TypeError)
      expect(error).toEqual(INVALID_ARGUMENT)
      expect((error as Error).message).toMatch(/yield\*/)
    }
    expect(list.size).toBe(0)
  })

  it('yield instead of yield*, not caught, fails the greenlet', async () => {
    const one = schedule(function* (): Generator<never, void> {
      yield pauseFor(1000) as never
    })
    await expect(one.join()).rejects.toEqual(INVALID_ARGUMENT)
    expect(one.state).toBe('failed')
  })
})

describe('then, catch and finally of a Blocking', () => {
  const woken = (act: (list: WaitList<string>) => void) => {
    const list = new WaitList<string>('test')
    const waiting = parkOn(list)
    setImmediate(() => act(list))
    return waiting
  }
  const error = new Error('why')
  const makers: [string, () => Blocking<string>, () => Blocking<string>][] = [
    ['complete', () => complete('value'), () => fail(error)],
    [
      'parked',
      () => woken((list) => list.wake('value')),
      () => woken((list) => list.failAll(() => error)),
    ],
  ]

  it.each(makers)('of one that is %s behave as those of a promise', async (_kind, done, failed) => {
    expect(done().then(String)).toBeInstanceOf(Promise)
    expect(await done().then((value) => [value])).toEqual(['value'])
    expect(await done().then((value) => Promise.resolve(value.length))).toBe(5)
    expect(await done().then(null, () => 'not called')).toBe('value')
    expect(await done().then()).toBe('value')
    expect(await done().catch(() => 'not called')).toBe('value')
    expect(await done().finally(() => 'ignored')).toBe('value')
    await expect(
      done().then(() => {
        throw error
      }),
    ).rejects.toBe(error)
    expect(await failed().then(null, (reason: unknown) => reason)).toBe(error)
    expect(await failed().catch((reason: unknown) => reason)).toBe(error)
    await expect(failed().then(() => 'not called')).rejects.toBe(error)
    await expect(failed().finally(() => 'ignored')).rejects.toBe(error)
    await expect(
      done().finally(() => {
        throw error
      }),
    ).rejects.toBe(error)
    expect(await Promise.all([done(), done()])).toEqual(['value', 'value'])
    expect(await Promise.race([failed(), never()]).catch((reason: unknown) => reason)).toBe(error)
    expect(await Promise.resolve(done())).toBe('value')
  })

  it('call back later, never at once', async () => {
    const order: string[] = []
    const called = complete('value').then(() => order.push('called'))
    order.push('after then')
    await called
    expect(order).toEqual(['after then', 'called'])
  })

  it('reject a promise of their own that nobody handles', async () => {
    const error = new Error('not handled')
    const seen = await watchRejections(() => {
      void fail(error).then(() => {})
    })
    expect(seen.unhandled).toEqual([error])
  })

  it('unwrap a value that is itself a promise, while yield* gives it as it is', async () => {
    const inner = Promise.resolve(42)
    const wrapped = () => complete<unknown>(inner)
    expect(await wrapped()).toBe(42)
    const one = schedule(function* () {
      return (yield* wrapped()) === inner
    })
    expect(await one.join()).toBe(true)
  })
})

describe('two waits of one greenlet that are ended together', () => {
  it('are both rejected, and the end is delivered once', async () => {
    const list = new WaitList<string>('test')
    const one = schedule(async () => {
      const both = await Promise.allSettled([parkOn(list), pauseFor(1000)])
      await pause()
      await pauseFor(1)
      return both.map((result) => (result as PromiseRejectedResult).reason.code)
    })
    await pause()
    end(one)
    expect(await one.join()).toEqual(['GH_EXIT', 'GH_EXIT'])
    expect(list.size).toBe(0)
  })
})

describe('wait for a promise', () => {
  it('gives its outcome to all who wait for it, in order, and to those who come later', async () => {
    let resolve!: (value: string) => void
    const promise = new Promise<string>((fulfil) => (resolve = fulfil))
    const order: string[] = []
    const generator = schedule(function* () {
      order.push(`generator ${yield* wait(promise)}`)
    })
    const asynchronous = schedule(async () => void order.push(`async ${await wait(promise)}`))
    await pause()
    const timedOut = wait(promise, { timeoutMs: 0 })
    await expect(timedOut).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
    resolve('value')
    await generator.join()
    await asynchronous.join()
    expect(order).toEqual(['generator value', 'async value'])
    expect([await wait(promise), await wait(promise, { timeoutMs: 0 })]).toEqual(['value', 'value'])
  })

  it('gives its error to all who wait for it, before and after', async () => {
    const error = new Error('rejected')
    let reject!: (error: Error) => void
    const promise = new Promise<string>((_, refuse) => (reject = refuse))
    const waiting = [wait(promise), wait(promise)]
    reject(error)
    for (const one of waiting) await expect(one).rejects.toBe(error)
    await expect(wait(promise)).rejects.toBe(error)
  })

  it('takes any thenable, and asks one that is no promise anew each time', async () => {
    let asked = 0
    const thenable = {
      then(resolve: (value: number) => void) {
        resolve(++asked)
      },
    }
    expect(await Promise.all([wait(thenable), wait(thenable)])).toEqual([1, 2])
    expect(await wait('a plain value')).toBe('a plain value')
    expect(await wait(complete('a Blocking'))).toBe('a Blocking')
  })

  it('takes a rejection as its own business even where it gave up, or was refused', async () => {
    const seen = await watchRejections(async () => {
      const aborter = new AbortController()
      const rejecting = () =>
        new Promise<never>((_, reject) => setImmediate(() => reject(new Error('late'))))
      await wait(rejecting(), { timeoutMs: 0 }).catch(() => {})
      aborter.abort('before')
      await wait(rejecting(), { signal: aborter.signal }).catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 2))
    })
    expect(seen.unhandled).toEqual([])
  })
})

/** A wait that takes options, and how to let it happen. */
interface Case {
  readonly start: (options?: { timeoutMs?: number; signal?: AbortSignal }) => Blocking<unknown>
  readonly happen: () => void
}

const waits: [string, () => Case][] = [
  [
    'wait',
    () => {
      let resolve!: (value: unknown) => void
      const promise = new Promise((fulfil) => (resolve = fulfil))
      return { start: (options) => wait(promise, options), happen: () => resolve('value') }
    },
  ],
  [
    'join',
    () => {
      const list = new WaitList<string>('test')
      const target = schedule(function* () {
        return yield* parkOn(list)
      })
      return { start: (options) => target.join(options), happen: () => void list.wake('value') }
    },
  ],
]

describe.each(waits)('timeoutMs and signal of %s', (kind, make) => {
  it('throw GH_TIMEOUT at the moment, not before', () =>
    withVirtualClock(
      async (clock) => {
        const { start, happen } = make()
        const generator = schedule(function* () {
          try {
            yield* start({ timeoutMs: 10 })
          } catch (error) {
            return { at: clock.now(), error: error as { code: string; afterMs: number } }
          }
          return 'no time-out'
        })
        const main = start({ timeoutMs: 5 }).catch((error: Error) => error.message)
        await clock.advance(9)
        expect(await main).toBe(`${kind} timed out after 5 ms`)
        expect(generator.state).toBe('blocked')
        await clock.advance(1)
        expect(await generator.join()).toMatchObject({
          at: 10,
          error: { code: 'GH_TIMEOUT', afterMs: 10, name: 'TimeoutError' },
        })
        happen()
        expect(await start()).toBe('value')
      },
      { autojump: false },
    ))

  it('leave no timer when it happens in time, nor when it is ended', () =>
    withVirtualClock(
      async () => {
        const { start, happen } = make()
        const one = schedule(async () => start({ timeoutMs: 50 }))
        await pause()
        expect(keepingTimers()).toBe(1)
        end(one)
        await one.join().catch(() => {})
        expect([keepingTimers(), nextDueMs()]).toEqual([0, Infinity])
        const waiting = start({ timeoutMs: 1000 })
        expect(keepingTimers()).toBe(1)
        await pause()
        happen()
        expect(await waiting).toBe('value')
        expect([keepingTimers(), nextDueMs()]).toEqual([0, Infinity])
      },
      { autojump: false },
    ))

  it('try once where timeoutMs is 0', async () => {
    const { start, happen } = make()
    await expect(start({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'GH_TIMEOUT', afterMs: 0 })
    const waiting = start()
    await pause()
    happen()
    await waiting
    expect(await start({ timeoutMs: 0 })).toBe('value')
  })

  it('reject with the reason of the signal, unchanged', async () => {
    const { start, happen } = make()
    for (const reason of [new Error('mine'), 'a string', { an: 'object' }, 0]) {
      const aborter = new AbortController()
      const { signal } = aborter
      const before = start({ signal, timeoutMs: 1000 })
      const generator: Greenlet<unknown> = schedule(function* () {
        try {
          yield* start({ signal })
        } catch (error) {
          return error
        }
        return 'not aborted'
      })
      await pause()
      aborter.abort(reason)
      await expect(before).rejects.toBe(reason)
      expect(await generator.join()).toBe(reason)
      await expect(start({ signal })).rejects.toBe(reason)
      expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    }
    expect(keepingTimers()).toBe(0)
    happen()
  })

  it('are checked', () => {
    const { start, happen } = make()
    expect(() => start({ timeoutMs: -1 })).toThrow(INVALID_ARGUMENT)
    expect(() => start({ timeoutMs: NaN })).toThrow(/options\.timeoutMs/)
    expect(() => start({ signal: {} as AbortSignal })).toThrow(/options\.signal/)
    expect(() => start(5 as never)).toThrow(INVALID_ARGUMENT)
    happen()
  })

  it('leave no listener after 100,000 waits on one signal', async () => {
    const { signal } = new AbortController()
    const added = vi.spyOn(signal, 'addEventListener')
    const removed = vi.spyOn(signal, 'removeEventListener')
    const listeners = () => getEventListeners(signal, 'abort').length
    const { start, happen } = make()
    let most = 0
    for (let batch = 0; batch < 10; batch++) {
      const outcomes: Promise<unknown>[] = []
      const waiters = schedule(async () => {
        for (let i = 0; i < 10_000; i++) outcomes.push(start({ signal }).catch(() => 'ended'))
        await Promise.all(outcomes)
      })
      await pause()
      most = Math.max(most, listeners())
      end(waiters)
      await Promise.all(outcomes)
      await waiters.join()
      expect(outcomes).toHaveLength(10_000)
      expect(await outcomes.at(-1)).toBe('ended')
      expect(listeners()).toBe(0)
    }
    expect(most).toBe(1)
    expect(added).toHaveBeenCalledTimes(10)
    expect(removed).toHaveBeenCalledTimes(10)
    happen()
    expect(await start({ signal })).toBe('value')
    expect(listeners()).toBe(0)
  })
})
