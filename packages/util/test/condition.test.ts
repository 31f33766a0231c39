import { end, pause, pauseFor, schedule, scheduleException } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { Condition, Lock, RLock } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { coded, KINDS, outcome, settled, type Kind } from './flows.ts'

const LOCKS = { Lock, RLock }

/** A greenlet that waits on a condition with its lock, and says what it got and whether it had the lock then. */
function waiterOn(kind: Kind, cond: Condition, options = {}) {
  return kind === 'async'
    ? schedule(async function guest() {
        await cond.acquire()
        try {
          return await cond.wait(options)
        } finally {
          cond.release()
        }
      })
    : schedule(function* guest() {
        yield* cond.acquire()
        try {
          return yield* cond.wait(options)
        } finally {
          cond.release()
        }
      })
}

for (const [name, Kind] of Object.entries(LOCKS)) {
  describe(`Condition on a ${name}`, () => {
    it('U17 wait, notify and notifyAll need the lock', () => {
      const cond = new Condition(new Kind(), { name: 'door' })
      for (const method of ['wait', 'notify', 'notifyAll'] as const) {
        expect(() => cond[method]()).toThrow(coded('GH_INVALID_STATE') as Error)
        expect(() => cond[method]()).toThrow(`${method} of the condition "door" needs its lock`)
      }
    })

    it('U18 the lock of another greenlet does not do', async () => {
      const cond = new Condition(new Kind())
      await schedule(() => void cond.tryAcquire()).join()
      for (const method of ['wait', 'notify', 'notifyAll'] as const) {
        expect(() => cond[method]()).toThrow(coded('GH_INVALID_STATE') as Error)
      }
    })

    it('U19 each notify wakes exactly one of ten waiters, in order', async () => {
      const cond = new Condition(new Kind())
      const woken: number[] = []
      const guests = Array.from({ length: 10 }, (_, n) =>
        schedule(async () => {
          await waiterOn(n % 2 === 0 ? 'async' : 'generator', cond).join()
          woken.push(n)
        }),
      )
      await settled()
      for (let n = 1; n <= 10; n++) {
        await cond.run(() => cond.notify())
        await settled()
        expect(woken.length).toBe(n)
      }
      for (const guest of guests) await guest.join()
      expect(woken).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    })

    it('U20 Q7 notifyAll wakes all ten, in order', async () => {
      const cond = new Condition(new Kind())
      const order: number[] = []
      const guests = Array.from({ length: 10 }, (_, n) =>
        schedule(function* () {
          yield* cond.acquire()
          yield* cond.wait()
          order.push(n)
          cond.release()
        }),
      )
      await settled()
      await cond.run(() => cond.notifyAll())
      for (const guest of guests) await guest.join()
      expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    })

    it('U21 timed waits of ten waiters all return after the time', async () => {
      await withVirtualClock(async (clock) => {
        const cond = new Condition(new Kind())
        const guests = Array.from({ length: 10 }, (_, n) =>
          waiterOn(n % 2 === 0 ? 'async' : 'generator', cond, { timeoutMs: 20 }),
        )
        for (const guest of guests) expect(await guest.join()).toBe(false)
        expect(clock.now()).toBe(20)
        expect(cond.statistics()).toEqual({ locked: false, waiting: 0 })
      })
    })

    it('Q1 gives true when notified, false on time-out', async () => {
      await withVirtualClock(async () => {
        const cond = new Condition(new Kind())
        const [first, second] = KINDS.map((kind) => waiterOn(kind, cond, { timeoutMs: 10 }))
        await settled()
        await cond.run(() => cond.notify())
        expect([await first!.join(), await second!.join()]).toEqual([true, false])
      })
    })

    it('notify(n) wakes n, and no more than there are', async () => {
      const cond = new Condition(new Kind())
      const guests = [0, 1, 2].map(() => waiterOn('generator', cond))
      await settled()
      await cond.run(() => cond.notify(2))
      await settled()
      expect(guests.map((guest) => guest.state)).toEqual(['finished', 'finished', 'blocked'])
      await cond.run(() => cond.notify(Infinity))
      expect(await guests[2]!.join()).toBe(true)
      await cond.acquire()
      expect(() => cond.notify(0)).toThrow(RangeError)
    })

    for (const kind of KINDS) {
      it(`Q3 a time-out while it queues for the lock neither cuts that short nor changes the result (${kind})`, async () => {
        await withVirtualClock(async (clock) => {
          const cond = new Condition(new Kind())
          const guest = waiterOn(kind, cond, { timeoutMs: 10 })
          await settled()
          const host = schedule(async () => {
            await cond.acquire()
            cond.notify()
            await pauseFor(50)
            cond.release()
          })
          expect(await guest.join()).toBe(true)
          expect(clock.now()).toBe(50)
          await host.join()
        })
      })

      it(`ended while it waits, it has the lock again before it ends (${kind})`, async () => {
        const cond = new Condition(new Kind())
        const guest = waiterOn(kind, cond)
        await settled()
        await cond.acquire()
        end(guest)
        await settled()
        expect(guest.state).toBe('blocked')
        cond.release()
        expect(await outcome(guest)).toBe('GH_EXIT')
        expect(cond.statistics()).toEqual({ locked: false, waiting: 0 })
      })

      it(`ended while it queues for the lock, it gets the lock first, then the end (${kind})`, async () => {
        const cond = new Condition(new Kind())
        const guest = waiterOn(kind, cond)
        await settled()
        await cond.acquire()
        cond.notify()
        await settled()
        end(guest)
        await settled()
        expect(guest.state).toBe('blocked')
        cond.release()
        expect(await outcome(guest)).toBe('GH_EXIT')
        expect(cond.locked).toBe(false)
      })

      it(`an abort comes out with the lock held, and with its reason (${kind})`, async () => {
        const cond = new Condition(new Kind())
        const controller = new AbortController()
        const guest = waiterOn(kind, cond, { signal: controller.signal })
        await settled()
        controller.abort(new Error('no more'))
        expect(await outcome(guest)).toBe('no more')
        expect(cond.statistics()).toEqual({ locked: false, waiting: 0 })
      })

      it(`Q2 a notified waiter that is ended in the same instant passes the notification on (${kind})`, async () => {
        const cond = new Condition(new Kind())
        const [victim, other] = [waiterOn(kind, cond), waiterOn(kind, cond)]
        await settled()
        await cond.acquire()
        cond.notify()
        scheduleException(new Error('cut'), victim)
        cond.release()
        expect([await outcome(victim), await outcome(other)]).toEqual(['cut', true])
      })

      it(`after notifyAll nothing is passed on (${kind})`, async () => {
        const cond = new Condition(new Kind())
        const victim = waiterOn(kind, cond)
        await settled()
        await cond.acquire()
        cond.notifyAll()
        const latecomer = waiterOn(kind, cond)
        end(victim)
        cond.release()
        await outcome(victim)
        await settled()
        expect(latecomer.state).toBe('blocked')
        end(latecomer)
        await outcome(latecomer)
      })
    }

    it('flows of main wait for one another', async () => {
      const cond = new Condition(new Kind())
      const log: string[] = []
      const flow = async () => {
        await cond.acquire()
        log.push('waits')
        await cond.wait()
        log.push('goes on')
        cond.release()
      }
      const waiting = flow()
      await settled()
      await cond.acquire()
      cond.notify()
      await settled()
      log.push('releases')
      cond.release()
      await waiting
      expect(log).toEqual(['waits', 'releases', 'goes on'])
    })
  })
}

describe('Condition', () => {
  it('Q4 releases all levels of its RLock, and has as many again', async () => {
    const cond = new Condition()
    const rlock = cond.lock as RLock
    const levels: number[] = []
    const guest = schedule(async () => {
      for (let i = 0; i < 3; i++) await cond.acquire()
      levels.push(rlock.levels)
      await cond.wait()
      levels.push(rlock.levels)
      for (let i = 0; i < 3; i++) cond.release()
    })
    await settled()
    expect(rlock.locked).toBe(false)
    await cond.run(() => cond.notify())
    await guest.join()
    expect(levels).toEqual([3, 3])
    expect(rlock.statistics()).toEqual({ locked: false, levels: 0, waiting: 0 })
  })

  it('queues for its lock behind those that came before', async () => {
    const cond = new Condition()
    const order: string[] = []
    const guest = schedule(function* () {
      yield* cond.acquire()
      yield* cond.wait()
      order.push('second')
      cond.release()
    })
    await settled()
    await cond.acquire()
    const first = schedule(async () => cond.run(() => void order.push('first')))
    await settled()
    cond.notify()
    await settled()
    const third = schedule(async () => cond.run(() => void order.push('third')))
    await settled()
    cond.release()
    await Promise.all([first.join(), guest.join(), third.join()])
    expect(order).toEqual(['first', 'second', 'third'])
  })

  it('refuses a lock that is none', () => {
    expect(() => new Condition({} as never)).toThrow(TypeError)
    expect(() => new Condition(null as never)).toThrow(TypeError)
  })

  it('a flow of the same greenlet does not enter while another is inside', async () => {
    const cond = new Condition()
    const log: string[] = []
    await schedule(async () => {
      const one = (async () => {
        await cond.acquire()
        await cond.wait()
        log.push('one inside')
        cond.release()
      })()
      const two = (async () => {
        await pause()
        await cond.acquire()
        cond.notify()
        await pauseFor(1)
        log.push('two leaves')
        cond.release()
      })()
      await Promise.all([one, two])
    }).join()
    expect(log).toEqual(['two leaves', 'one inside'])
  })
})
