import { end, mainGreenlet, pause, schedule } from '@greenhouse/scheduler'
import { RLock } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { cancelTable, coded, KINDS, outcome, settled, waiter } from './flows.ts'

describe('RLock', () => {
  it('U15 the same greenlet acquires again, and releases as often', async () => {
    const lock = new RLock()
    const generator = schedule(function* () {
      for (let i = 0; i < 3; i++) expect(yield* lock.acquire()).toBe(true)
      expect(lock.tryAcquire()).toBe(true)
      for (let i = 0; i < 3; i++) lock.release()
      yield* pause()
      expect(lock.locked).toBe(true)
      lock.release()
    })
    const other = waiter('async', () => lock.acquire())
    await generator.join()
    expect(await other.join()).toBe(true)
    expect(lock.statistics()).toEqual({ locked: true, levels: 1, waiting: 0 })
  })

  it('U15 an async greenlet acquires again across its awaits', async () => {
    const lock = new RLock()
    await schedule(async () => {
      await lock.acquire()
      await pause()
      await lock.acquire()
      expect(lock.owned).toBe(true)
      lock.release()
      lock.release()
    }).join()
    expect(lock.locked).toBe(false)
  })

  it('U16 knows whether the current greenlet owns it', async () => {
    const lock = new RLock()
    expect([lock.owned, lock.holder]).toEqual([false, null])
    await lock.acquire()
    expect([lock.owned, lock.holder]).toEqual([true, mainGreenlet])
    expect(await schedule(() => lock.owned).join()).toBe(false)
    lock.release()
    expect(lock.owned).toBe(false)
  })

  it('U12 only the owner releases', async () => {
    const lock = new RLock({ name: 'door' })
    expect(() => lock.release()).toThrow('The lock "door" is not held by the current greenlet')
    await lock.acquire()
    expect(await outcome(schedule(() => lock.release()))).toBe('GH_INVALID_STATE')
    lock.release()
  })

  for (const kind of KINDS) {
    it(`U09 U10 blocks another greenlet while held, however deep (${kind})`, async () => {
      const lock = new RLock()
      const owner = schedule(async () => {
        await lock.acquire()
        await lock.acquire()
        await settled()
        lock.release()
        await settled()
        expect(other.state).toBe('blocked')
        lock.release()
      })
      await pause()
      expect(lock.tryAcquire()).toBe(false)
      const other = waiter(kind, () => lock.acquire())
      await owner.join()
      expect(await other.join()).toBe(true)
    })
  }

  it('main is many flows: it cannot acquire again, and tryAcquire says no', async () => {
    const lock = new RLock()
    await lock.acquire()
    expect(() => lock.acquire()).toThrow(coded('GH_INVALID_STATE') as Error)
    expect(lock.tryAcquire()).toBe(false)
    lock.release()
    expect(await lock.acquire()).toBe(true)
  })

  it('U14 wakes exactly one of two waiters when wholly released', async () => {
    const lock = new RLock()
    await lock.acquire()
    const [first, second] = [
      waiter('async', () => lock.acquire()),
      waiter('generator', () => lock.acquire()),
    ]
    await settled()
    lock.release()
    await settled()
    expect([first.state, second.state]).toEqual(['finished', 'blocked'])
    end(second)
    expect(await outcome(second)).toBe('GH_EXIT')
  })

  it('an owner that is ended inside run leaves it open', async () => {
    for (const kind of KINDS) {
      const lock = new RLock()
      const owner =
        kind === 'async'
          ? schedule(async () => lock.run(async () => lock.run(() => pause().then(() => pause()))))
          : schedule(function* () {
              yield* lock.run(function* () {
                yield* lock.run(function* () {
                  for (;;) yield* pause()
                })
              })
            })
      await pause()
      expect(lock.holder).toBe(owner)
      end(owner)
      expect(await outcome(owner)).toBe('GH_EXIT')
      await settled()
      expect(lock.statistics()).toEqual({ locked: false, levels: 0, waiting: 0 })
    }
  })

  describe('when acquire is cut short', () => {
    cancelTable(() => {
      const lock = new RLock()
      schedule(() => lock.tryAcquire())
      return {
        wait: (options) => lock.acquire(options),
        handOver: () => lock.giveBack(),
        waiting: () => lock.statistics().waiting,
        gives: true,
        onTimeout: false,
      }
    }, settled)
  })
})
