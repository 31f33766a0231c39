// The ways in which code waits, and what may cut a wait short: every primitive is tested with all of them.
import { end, pause, schedule, scheduleException } from '@greenhouse/scheduler'
import type { Blocking, Greenlet, Steps, WaitOptions } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { expect, it } from 'vitest'

export type Kind = 'generator' | 'async'
export const KINDS: readonly Kind[] = ['generator', 'async']

/** A greenlet that waits for one thing and gives what it got. */
export function waiter<T>(kind: Kind, op: () => Blocking<T>): Greenlet<T> {
  return kind === 'generator' ? schedule(waitInGenerator<T>, op) : schedule(waitInAsync<T>, op)
}

function* waitInGenerator<T>(op: () => Blocking<T>) {
  return yield* op()
}

async function waitInAsync<T>(op: () => Blocking<T>): Promise<T> {
  return await op()
}

/** Written once, run by both kinds of greenlets: it yields functions that start a wait. */
export type Script = Generator<() => Blocking<any>, void, any>

export function* inSteps(script: () => Script): Steps<void> {
  const play = script()
  for (let next = play.next(); next.done !== true;) {
    let value: unknown
    try {
      value = yield* next.value()
    } catch (error) {
      next = play.throw(error)
      continue
    }
    next = play.next(value)
  }
}

export async function inAsync(script: () => Script): Promise<void> {
  const play = script()
  for (let next = play.next(); next.done !== true;) {
    let value: unknown
    try {
      value = await next.value()
    } catch (error) {
      next = play.throw(error)
      continue
    }
    next = play.next(value)
  }
}

/** Lets everything that can run do so. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await pause()
  await new Promise((resolve) => setImmediate(resolve))
}

export const coded = (code: string): unknown => expect.objectContaining({ code })

/** What became of a greenlet or promise: its value, or the code or message of its error. */
export function outcome(of: Greenlet | PromiseLike<unknown>): Promise<unknown> {
  const promise = 'join' in of ? of.join() : of
  return Promise.resolve(promise).catch(
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )
}

/** A thing to wait for, as the cancel table sees it. */
export interface Waitable {
  wait(options?: WaitOptions): Blocking<unknown>
  /** Makes the first waiter get what it waits for. */
  handOver(): void
  /** How many stand in the list. */
  waiting(): number
  /** What the wait gives when handed over. */
  gives: unknown
  /** What it gives on time-out: a value, or a code. */
  onTimeout: unknown
  /** Whether what is handed over goes to all waiters at once. */
  toAll?: boolean
}

/** Every way of cutting a wait short, for each kind of greenlet: nothing is lost, nobody stays in a list. */
export function cancelTable(makeOne: () => Waitable, prepare?: () => Promise<void>): void {
  const make = async () => {
    const thing = makeOne()
    await prepare?.()
    return thing
  }
  const cuts: Record<string, (victim: Greenlet) => void> = {
    'its end': (victim) => end(victim),
    'an exception': (victim) => scheduleException(new Error('cut'), victim),
  }
  for (const kind of KINDS) {
    for (const [what, cut] of Object.entries(cuts)) {
      it(`leaves the list at ${what} while waiting (${kind})`, async () => {
        const thing = await make()
        const victim = waiter(kind, () => thing.wait())
        const other = waiter(kind, () => thing.wait())
        await settled()
        expect(thing.waiting()).toBe(2)
        cut(victim)
        expect(thing.waiting()).toBe(1)
        thing.handOver()
        expect(await outcome(victim)).toBe(what === 'its end' ? 'GH_EXIT' : 'cut')
        expect(await outcome(other)).toEqual(thing.gives)
      })

      it(`passes on what it was handed when ${what} comes in the same instant (${kind})`, async () => {
        const thing = await make()
        const victim = waiter(kind, () => thing.wait())
        const other = waiter(kind, () => thing.wait())
        await settled()
        thing.handOver()
        cut(victim)
        // What costs nothing to hand over, an async waiter keeps; it gets the end at its next wait.
        const keeps = thing.toAll === true && kind === 'async'
        const error = what === 'its end' ? 'GH_EXIT' : 'cut'
        expect(await outcome(victim)).toEqual(keeps ? thing.gives : error)
        expect(await outcome(other)).toEqual(thing.gives)
        expect(thing.waiting()).toBe(0)
      })

      it(`does not even try when ${what} came before the wait (${kind})`, async () => {
        const thing = await make()
        const victim = waiter(kind, () => {
          cut(victim)
          return thing.wait()
        })
        const error = outcome(victim)
        const other = waiter(kind, () => thing.wait())
        await settled()
        thing.handOver()
        expect(await outcome(other)).toEqual(thing.gives)
        expect(await error).toBe(what === 'its end' ? 'GH_EXIT' : 'cut')
      })
    }

    it(`leaves the list on time-out (${kind})`, async () => {
      await withVirtualClock(async (clock) => {
        const thing = await make()
        const victim = waiter(kind, () => thing.wait({ timeoutMs: 10 }))
        const other = waiter(kind, () => thing.wait({ timeoutMs: 1000 }))
        expect(await outcome(victim)).toEqual(thing.onTimeout)
        expect(clock.now()).toBe(10)
        expect(thing.waiting()).toBe(1)
        thing.handOver()
        expect(await outcome(other)).toEqual(thing.gives)
        expect(clock.now()).toBe(10)
      })
    })

    it(`leaves the list at an abort, with the reason of the signal (${kind})`, async () => {
      const thing = await make()
      const controller = new AbortController()
      const victim = waiter(kind, () => thing.wait({ signal: controller.signal }))
      const other = waiter(kind, () => thing.wait())
      await settled()
      controller.abort(new Error('no more'))
      expect(thing.waiting()).toBe(1)
      thing.handOver()
      expect(await outcome(victim)).toBe('no more')
      expect(await outcome(other)).toEqual(thing.gives)
      expect(await outcome(waiter(kind, () => thing.wait({ signal: controller.signal })))).toBe(
        'no more',
      )
    })
  }

  it('takes back what a greenlet got and never consumed, when it finishes', async () => {
    const thing = await make()
    const careless = schedule(function* () {
      void thing.wait()
      yield* pause()
      yield* pause()
    })
    await pause()
    thing.handOver()
    const other = waiter('async', () => thing.wait())
    await careless.join()
    expect(await outcome(other)).toEqual(thing.gives)
  })

  it('serves main, and tries once with a time-out of 0', async () => {
    const thing = await make()
    expect(await outcome(thing.wait({ timeoutMs: 0 }))).toEqual(thing.onTimeout)
    const waiting = thing.wait()
    const second = thing.wait()
    expect(thing.waiting()).toBe(2)
    thing.handOver()
    expect(await waiting).toEqual(thing.gives)
    if (thing.toAll !== true) thing.handOver()
    expect(await second).toEqual(thing.gives)
  })

  it('refuses a bad time-out', async () => {
    const thing = await make()
    expect(() => thing.wait({ timeoutMs: -1 })).toThrow(RangeError)
    expect(() => thing.wait({ timeoutMs: '1' as never })).toThrow(TypeError)
  })
}
