import { end, getCurrent, pause, pauseFor, schedule } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { Condition, Counter, Lock, RLock, Semaphore } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { coded, outcome, settled } from './flows.ts'

const RUNNERS = {
  Lock: () => new Lock(),
  RLock: () => new RLock(),
  Semaphore: () => new Semaphore(1),
  Condition: () => new Condition(),
}

for (const [name, make] of Object.entries(RUNNERS)) {
  const open = (thing: object) =>
    thing instanceof Semaphore ? thing.value === 1 : !(thing as Lock).locked

  describe(`${name}.run`, () => {
    it('U13 U24 lets the other side in only when the first is out', async () => {
      const thing = make()
      const log: string[] = []
      const visit = (who: string) =>
        schedule(function* () {
          yield* thing.run(function* () {
            log.push(`${who} in`)
            yield* pause()
            log.push(`${who} out`)
          })
        })
      const both = [visit('a'), visit('b')]
      for (const one of both) await one.join()
      expect(log).toEqual(['a in', 'a out', 'b in', 'b out'])
      expect(open(thing)).toBe(true)
    })

    it('runs async, generator and plain functions, in generators, async code and main', async () => {
      const thing = make()
      const bodies = [
        async () => pause().then(() => 1),
        function* () {
          yield* pause()
          return 2
        },
        () => 3,
      ]
      for (const [at, body] of bodies.entries()) {
        const run = () => thing.run(body as () => Promise<number>)
        expect(await run()).toBe(at + 1)
        expect(await schedule(async () => await run()).join()).toBe(at + 1)
        const stepped = schedule(function* () {
          return yield* run()
        })
        expect(await stepped.join()).toBe(at + 1)
      }
      expect(open(thing)).toBe(true)
    })

    it('stays in the greenlet of the caller', async () => {
      const thing = make()
      const greenlet = schedule(async () => thing.run(async () => pause().then(() => getCurrent())))
      expect(await greenlet.join()).toBe(greenlet)
    })

    it('starts at once, awaited or not', async () => {
      const thing = make()
      let ran = false
      const running = thing.run(() => {
        ran = true
      })
      expect(ran).toBe(true)
      await running
    })

    it('lets go when the function throws, and passes the error on', async () => {
      const thing = make()
      const bodies = [
        () => {
          throw new Error('plain')
        },
        async () => {
          throw new Error('async')
        },
        function* () {
          yield* pause()
          throw new Error('generator')
        },
      ]
      const errors = []
      for (const body of bodies) errors.push(await outcome(thing.run(body as () => Promise<void>)))
      expect(errors).toEqual(['plain', 'async', 'generator'])
      expect(open(thing)).toBe(true)
    })

    it('gives GH_TIMEOUT when its turn does not come in time, and does not run', async () => {
      await withVirtualClock(async (clock) => {
        const thing = make()
        const inside = schedule(async () => thing.run(() => pauseFor(100)))
        await pause()
        let ran = false
        const late = thing.run(() => void (ran = true), { timeoutMs: 10 })
        expect(await outcome(late)).toBe('GH_TIMEOUT')
        expect([ran, clock.now()]).toEqual([false, 10])
        await inside.join()
        expect(open(thing)).toBe(true)
      })
    })

    it('ended while it waits it never runs; ended while it runs it lets go', async () => {
      const thing = make()
      const first = schedule(async () => thing.run(() => pauseFor(1e6)))
      await pause()
      let ran = false
      const second = schedule(async () => thing.run(() => void (ran = true)))
      await settled()
      end(second)
      expect(await outcome(second)).toBe('GH_EXIT')
      end(first)
      expect(await outcome(first)).toBe('GH_EXIT')
      await settled()
      expect([ran, open(thing)]).toEqual([false, true])
    })

    it('refuses anything but a function', () => {
      expect(() => make().run(1 as never)).toThrow(TypeError)
      expect(() => make().run(() => 1, { timeoutMs: -1 })).toThrow(RangeError)
    })
  })

  describe(`${name}.hold`, () => {
    it('gives what can be released once, or disposed of', async () => {
      const thing = make()
      const held = await thing.hold()
      expect(open(thing)).toBe(false)
      const next = schedule(async () => thing.hold())
      await settled()
      held.release()
      held.release()
      held[Symbol.dispose]()
      const second = await next.join()
      expect(open(thing)).toBe(false)
      second[Symbol.dispose]()
      expect(open(thing)).toBe(true)
    })

    it('gives GH_TIMEOUT', async () => {
      await withVirtualClock(async () => {
        const thing = make()
        const other = await schedule(async () => thing.hold()).join()
        expect(await outcome(thing.hold({ timeoutMs: 5 }))).toBe('GH_TIMEOUT')
        other.release()
        expect(open(thing)).toBe(true)
      })
    })
  })
}

describe('Lock.run', () => {
  it('keeps the lock until an async body that was cut off has really finished', async () => {
    const lock = new Lock()
    let finish!: () => void
    const body = new Promise<void>((resolve) => (finish = resolve))
    const greenlet = schedule(function* () {
      yield* lock.run(() => body)
    })
    await pause()
    end(greenlet)
    expect(await outcome(greenlet)).toBe('GH_EXIT')
    expect(lock.locked).toBe(true)
    finish()
    await settled()
    expect(lock.locked).toBe(false)
  })

  it('has let go when its caller goes on', async () => {
    const lock = new Lock()
    await lock.run(async () => {
      await pause()
    })
    expect(lock.locked).toBe(false)
    await outcome(lock.run(async () => Promise.reject(new Error('x'))))
    expect(lock.locked).toBe(false)
  })
})

describe('Counter.run', () => {
  it('counts up around the function and down after it', async () => {
    const counter = new Counter()
    const inside = await counter.run(async () => counter.count)
    expect([inside, counter.count]).toEqual([1, 0])
    const held = counter.hold()
    expect(counter.count).toBe(1)
    held.release()
    held.release()
    expect(counter.count).toBe(0)
    await expect(counter.run(async () => Promise.reject(coded('X')))).rejects.toBeDefined()
    expect(counter.count).toBe(0)
  })
})
