import { end, getCurrent, mainGreenlet, pause, schedule } from '@greenhouse/scheduler'
import { inspected } from '@greenhouse/scheduler/kernel'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { Lock } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { cancelTable, coded, KINDS, outcome, settled, waiter } from './flows.ts'

describe('Lock', () => {
  it('U08 is locked from acquire to release', async () => {
    const lock = new Lock()
    expect(lock.locked).toBe(false)
    expect(await lock.acquire()).toBe(true)
    expect(lock.locked).toBe(true)
    lock.release()
    expect(lock.locked).toBe(false)
  })

  for (const kind of KINDS) {
    it(`U09 blocks a second acquirer while held (${kind})`, async () => {
      const lock = new Lock()
      await lock.acquire()
      const second = waiter(kind, () => lock.acquire())
      await settled()
      expect(second.state).toBe('blocked')
      lock.release()
      expect(await second.join()).toBe(true)
      expect(lock.locked).toBe(true)
    })
  }

  it('U10 U11 tryAcquire fails while held, by another or by the same greenlet', async () => {
    const lock = new Lock()
    expect(lock.tryAcquire()).toBe(true)
    expect(lock.tryAcquire()).toBe(false)
    expect(await schedule(() => lock.tryAcquire()).join()).toBe(false)
  })

  it('U12 refuses to release an open lock, and says which', () => {
    expect(() => new Lock().release()).toThrow(coded('GH_INVALID_STATE') as Error)
    expect(() => new Lock({ name: 'door' }).release()).toThrow('The lock "door" is not held')
  })

  it('U14 wakes exactly one of two waiters for one release', async () => {
    const lock = new Lock()
    await lock.acquire()
    const [first, second] = [
      waiter('async', () => lock.acquire()),
      waiter('generator', () => lock.acquire()),
    ]
    await settled()
    lock.release()
    await settled()
    expect([first.state, second.state]).toEqual(['finished', 'blocked'])
    expect(lock.statistics()).toEqual({ locked: true, waiting: 1 })
  })

  it('hands itself over: nobody takes it in between', async () => {
    const lock = new Lock()
    await lock.acquire()
    const next = waiter('generator', () => lock.acquire())
    await settled()
    lock.release()
    expect(lock.tryAcquire()).toBe(false)
    expect(lock.holder).toBe(next)
    await next.join()
  })

  it('serves a thousand greenlets in order of arrival', async () => {
    const lock = new Lock()
    const order: number[] = []
    const greenlets = Array.from({ length: 1000 }, (_, n) =>
      schedule(function* () {
        yield* lock.acquire()
        yield* pause()
        order.push(n)
        lock.release()
      }),
    )
    for (const greenlet of greenlets) await greenlet.join()
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(lock.locked).toBe(false)
  })

  it('Q5 any greenlet may release it', async () => {
    const lock = new Lock()
    await lock.acquire()
    await schedule(() => lock.release()).join()
    expect(lock.locked).toBe(false)
  })

  it('knows who holds it', async () => {
    const lock = new Lock()
    expect(lock.holder).toBe(null)
    await lock.acquire()
    expect(lock.holder).toBe(mainGreenlet)
    lock.release()
    for (const kind of KINDS) {
      const greenlet = waiter(kind, () => lock.acquire())
      await greenlet.join()
      expect(lock.holder).toBe(greenlet)
      lock.release()
    }
    await schedule(async () => {
      await pause()
      lock.tryAcquire()
      expect(lock.holder).toBe(getCurrent())
      lock.release()
    }).join()
  })

  it('Q2 passes over waiters that were ended: the living get it', async () => {
    const lock = new Lock()
    await lock.acquire()
    const waiters = [0, 1, 2, 3].map((n) =>
      waiter(n % 2 === 0 ? 'generator' : 'async', () => lock.acquire()),
    )
    await settled()
    for (const n of [0, 1, 2]) end(waiters[n]!)
    lock.release()
    expect(await waiters[3]!.join()).toBe(true)
    expect(await outcome(waiters[0]!)).toBe('GH_EXIT')
    lock.release()
    expect(lock.locked).toBe(false)
  })

  it('Q5 acquire takes a time-out', async () => {
    await withVirtualClock(async (clock) => {
      const lock = new Lock()
      await lock.acquire()
      expect(await lock.acquire({ timeoutMs: 30 })).toBe(false)
      expect(clock.now()).toBe(30)
      expect(await lock.acquire({ timeoutMs: 0 })).toBe(false)
      lock.release()
      expect(await lock.acquire({ timeoutMs: 0 })).toBe(true)
    })
  })

  it('is registered for inspection when it has a name', () => {
    const lock = new Lock({ name: 'ledger' })
    expect(inspected()).toContainEqual({ kind: 'Lock', object: lock })
    expect(() => new Lock({ name: 7 as never })).toThrow(TypeError)
    expect(() => new Lock('ledger' as never)).toThrow(TypeError)
  })

  describe('when acquire is cut short', () => {
    cancelTable(() => {
      const lock = new Lock()
      lock.tryAcquire()
      return {
        wait: (options) => lock.acquire(options),
        handOver: () => lock.release(),
        waiting: () => lock.statistics().waiting,
        gives: true,
        onTimeout: false,
      }
    })
  })
})
