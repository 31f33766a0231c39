import { describe, expectTypeOf, it } from 'vitest'
import {
  end,
  getCurrent,
  greenlet,
  mainGreenlet,
  pause,
  pauseFor,
  schedule,
  scheduleAt,
  scheduleIn,
  scheduleRecurring,
  wait,
  type Blocking,
  type Greenlet,
  type Parked,
  type Steps,
} from '@greenhouse/scheduler'
import { complete, WaitList } from '@greenhouse/scheduler/kernel'

declare const number: Blocking<number>
declare const withoutWait: () => Generator<never, string>
declare const promised: Blocking<Promise<string>>

describe('Blocking', () => {
  it('gives T by yield*, and Awaited<T> by await', () => {
    schedule(function* () {
      const a = yield* number
      expectTypeOf(a).toEqualTypeOf<number>()
      const b = yield* promised
      expectTypeOf(b).toEqualTypeOf<Promise<string>>()
      const c = yield* pause()
      expectTypeOf(c).toEqualTypeOf<void>()
      const d = yield* wait(Promise.resolve('text'))
      expectTypeOf(d).toEqualTypeOf<string>()
    })
    schedule(async () => {
      const a = await number
      expectTypeOf(a).toEqualTypeOf<number>()
      const b = await promised
      expectTypeOf(b).toEqualTypeOf<string>()
      const [c, d] = await Promise.all([number, pauseFor(1)])
      expectTypeOf(c).toEqualTypeOf<number>()
      expectTypeOf(d).toEqualTypeOf<void>()
    })
  })

  it('is assignable to Promise<T>, and a promise is not to it', () => {
    expectTypeOf<Blocking<number>>().toExtend<Promise<number>>()
    expectTypeOf<Blocking<number>>().toExtend<PromiseLike<number>>()
    expectTypeOf<Blocking<number>>().not.toExtend<Promise<string>>()
    expectTypeOf<Promise<number>>().not.toExtend<Blocking<number>>()
    expectTypeOf(number.then((n) => String(n))).toEqualTypeOf<Promise<string>>()
    expectTypeOf(number.catch(() => null)).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(number.finally(() => {})).toEqualTypeOf<Promise<number>>()
  })

  it('is no Parked', () => {
    expectTypeOf<Blocking<number>>().not.toExtend<Parked>()
  })
})

describe('schedule', () => {
  it('infers arguments and result of an async function', () => {
    const fn = async (a: number, b: string) => [a, b] as const
    expectTypeOf(schedule(fn, 1, 'x')).toEqualTypeOf<Greenlet<readonly [number, string]>>()
    // @ts-expect-error an argument is missing
    schedule(fn, 1)
    // @ts-expect-error an argument is of the wrong type
    schedule(fn, '1', 'x')
    // @ts-expect-error there is one argument too many
    schedule(fn, 1, 'x', 2)
  })

  it('infers arguments and result of a generator function', () => {
    const fn = function* (a: number, b: string) {
      yield* pause()
      return [a, b] as const
    }
    expectTypeOf(schedule(fn, 1, 'x')).toEqualTypeOf<Greenlet<readonly [number, string]>>()
    // @ts-expect-error an argument is missing
    schedule(fn, 1)
    // @ts-expect-error an argument is of the wrong type
    schedule(fn, 1, 2)
    const annotated = function* (n: number): Steps<Date> {
      yield* pauseFor(n)
      return new Date()
    }
    expectTypeOf(schedule(annotated, 1)).toEqualTypeOf<Greenlet<Date>>()
    const nested = function* (n: number) {
      return (yield* annotated(n)).getTime()
    }
    expectTypeOf(schedule(nested, 1)).toEqualTypeOf<Greenlet<number>>()
    expectTypeOf(schedule(withoutWait)).toEqualTypeOf<Greenlet<string>>()
  })

  it('infers arguments and result of a plain function', () => {
    expectTypeOf(schedule((a: number, b: number) => a + b, 1, 2)).toEqualTypeOf<Greenlet<number>>()
    expectTypeOf(schedule(() => {})).toEqualTypeOf<Greenlet<void>>()
    expectTypeOf(schedule(() => null)).toEqualTypeOf<Greenlet<null>>()
    expectTypeOf(schedule(() => ({ a: 1 }))).toEqualTypeOf<Greenlet<{ a: number }>>()
    expectTypeOf(schedule(() => [1, 2])).toEqualTypeOf<Greenlet<number[]>>()
    expectTypeOf(schedule(() => new Map<string, number>())).toEqualTypeOf<
      Greenlet<Map<string, number>>
    >()
    expectTypeOf(schedule(() => pauseFor(1))).toEqualTypeOf<Greenlet<void>>()
    // @ts-expect-error an argument is missing
    schedule((a: number) => a)
  })

  it('gives a greenlet back as it came', () => {
    const made = greenlet(async (n: number) => String(n), { args: [1], name: 'made' })
    expectTypeOf(made).toEqualTypeOf<Greenlet<string>>()
    expectTypeOf(schedule(made)).toEqualTypeOf<Greenlet<string>>()
    expectTypeOf(scheduleIn(5, made)).toEqualTypeOf<Greenlet<string>>()
    expectTypeOf(scheduleAt(5, made)).toEqualTypeOf<Greenlet<string>>()
    // @ts-expect-error the arguments do not fit
    greenlet(async (n: number) => String(n), { args: ['1'] })
    // @ts-expect-error a greenlet takes no arguments
    schedule(made, 1)
  })

  it('has the same inference later and again', () => {
    const fn = async (a: number, b: string) => a + b.length
    expectTypeOf(scheduleIn(5, fn, 1, 'x')).toEqualTypeOf<Greenlet<number>>()
    expectTypeOf(scheduleAt(5, fn, 1, 'x')).toEqualTypeOf<Greenlet<number>>()
    scheduleRecurring(5, fn, { args: [1, 'x'] }).stop()
    // @ts-expect-error an argument is missing
    scheduleIn(5, fn, 1)
    // @ts-expect-error an argument is of the wrong type
    scheduleAt(5, fn, 1, 2)
    // @ts-expect-error an argument is missing
    scheduleRecurring(5, fn, { args: [1] })
  })

  it('refuses a generator that yields where it needs yield*', () => {
    const yieldsBlocking = function* () {
      yield pauseFor(1)
    }
    // @ts-expect-error a Blocking is no Parked
    schedule(yieldsBlocking)
    // @ts-expect-error
    greenlet(yieldsBlocking)
    // @ts-expect-error
    scheduleIn(5, yieldsBlocking)
    // @ts-expect-error
    scheduleAt(5, yieldsBlocking)
    // @ts-expect-error
    scheduleRecurring(5, yieldsBlocking)
    // @ts-expect-error a promise needs wait()
    schedule(function* () {
      yield Promise.resolve(1)
    })
    // @ts-expect-error among right waits, too
    schedule(function* () {
      yield* pause()
      yield number
    })
    // @ts-expect-error anything else, too
    schedule(function* () {
      yield 5
    })
  })

  it('refuses what is no body', () => {
    // @ts-expect-error an async generator is no body
    schedule(async function* () {})
    // @ts-expect-error nor is a number
    schedule(5)
    // @ts-expect-error nor is a promise
    schedule(Promise.resolve(1))
  })
})

describe('Greenlet', () => {
  it('is not thenable', () => {
    expectTypeOf<Greenlet<number>>().not.toExtend<PromiseLike<unknown>>()
    expectTypeOf<Greenlet<number>>().not.toHaveProperty('then')
    const made = async () => greenlet(() => 1)
    expectTypeOf(made).returns.toEqualTypeOf<Promise<Greenlet<number>>>()
    expectTypeOf<Awaited<Greenlet<number>>>().toEqualTypeOf<Greenlet<number>>()
  })

  it('is joined for its result', () => {
    const one = schedule(async () => 42)
    expectTypeOf(one.join()).toEqualTypeOf<Blocking<number>>()
    expectTypeOf(one.join({ timeoutMs: 5, signal: new AbortController().signal })).toEqualTypeOf<
      Blocking<number>
    >()
    expectTypeOf(one.result).toEqualTypeOf<number | undefined>()
    // @ts-expect-error no such option
    void one.join({ timeout: 5 })
  })

  it('goes where a greenlet of anything is wanted', () => {
    expectTypeOf<Greenlet<number>>().toExtend<Greenlet>()
    expectTypeOf(end).parameter(0).toEqualTypeOf<Greenlet>()
    expectTypeOf(getCurrent).returns.toEqualTypeOf<Greenlet>()
    expectTypeOf(mainGreenlet).toEqualTypeOf<Greenlet>()
  })
})

describe('wait', () => {
  it('gives what the promise gives', () => {
    expectTypeOf(wait(Promise.resolve(1))).toEqualTypeOf<Blocking<number>>()
    expectTypeOf(wait(Promise.resolve(Promise.resolve('x')))).toEqualTypeOf<Blocking<string>>()
    expectTypeOf(wait('plain')).toExtend<Blocking<string>>()
    expectTypeOf(wait(number)).toEqualTypeOf<Blocking<number>>()
  })
})

describe('the kernel', () => {
  it('types its waits', () => {
    const list = new WaitList<string>('test')
    expectTypeOf(list.park(undefined, undefined, () => {})).toEqualTypeOf<Blocking<string>>()
    expectTypeOf(list.complete('x')).toEqualTypeOf<Blocking<string>>()
    expectTypeOf(complete(5)).toEqualTypeOf<Blocking<number>>()
    // @ts-expect-error it is a list of strings
    list.wake(5)
  })
})
