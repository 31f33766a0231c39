import { schedule } from '@greenhouse/scheduler'
import { BoundedSemaphore, Semaphore } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { cancelTable, coded, KINDS, outcome, settled, waiter } from './flows.ts'

describe('Semaphore', () => {
  it('U22 with one permit refuses a second tryAcquire', () => {
    const semaphore = new Semaphore()
    expect(semaphore.tryAcquire()).toBe(true)
    expect(semaphore.tryAcquire()).toBe(false)
  })

  for (const kind of KINDS) {
    it(`U23 wakes a blocked acquirer at release (${kind})`, async () => {
      const semaphore = new Semaphore(1)
      await semaphore.acquire()
      const second = waiter(kind, () => semaphore.acquire())
      await settled()
      expect(second.state).toBe('blocked')
      semaphore.release()
      expect(await second.join()).toBe(true)
      expect(semaphore.value).toBe(0)
    })
  }

  it('U25 counts: ten more releases allow eleven acquires, not twelve', () => {
    const semaphore = new Semaphore(1)
    for (let i = 0; i < 10; i++) semaphore.release()
    for (let i = 0; i < 11; i++) expect(semaphore.tryAcquire()).toBe(true)
    expect(semaphore.tryAcquire()).toBe(false)
  })

  it('Q5 refuses a negative value as a RangeError, and releases several at once', async () => {
    expect(() => new Semaphore(-1)).toThrow(RangeError)
    expect(() => new Semaphore(1.5)).toThrow(coded('GH_INVALID_ARGUMENT') as Error)
    expect(() => new Semaphore('1' as never)).toThrow(TypeError)
    const semaphore = new Semaphore(0)
    const waiters = KINDS.map((kind) => waiter(kind, () => semaphore.acquire()))
    await settled()
    semaphore.release(5)
    for (const greenlet of waiters) expect(await greenlet.join()).toBe(true)
    expect(semaphore.statistics()).toEqual({ value: 3, waiting: 0 })
    expect(() => semaphore.release(0)).toThrow(RangeError)
  })

  it('hands permits over: a newcomer does not overtake', async () => {
    const semaphore = new Semaphore(0)
    const first = waiter('async', () => semaphore.acquire())
    await settled()
    semaphore.release()
    expect(semaphore.tryAcquire()).toBe(false)
    expect(await first.join()).toBe(true)
  })

  it('without a limit never blocks', async () => {
    const semaphore = new Semaphore(Infinity)
    for (let i = 0; i < 1000; i++) expect(await semaphore.acquire()).toBe(true)
    semaphore.release()
    expect(semaphore.value).toBe(Infinity)
  })

  describe('when acquire is cut short', () => {
    cancelTable(() => {
      const semaphore = new Semaphore(0)
      return {
        wait: (options) => semaphore.acquire(options),
        handOver: () => semaphore.release(),
        waiting: () => semaphore.statistics().waiting,
        gives: true,
        onTimeout: false,
      }
    })
  })
})

describe('BoundedSemaphore', () => {
  it('U26 refuses a surplus release, and changes nothing', async () => {
    const semaphore = new BoundedSemaphore(2)
    expect(() => semaphore.release()).toThrow(coded('GH_INVALID_STATE') as Error)
    await semaphore.acquire()
    expect(() => semaphore.release(2)).toThrow('1 of 2 permits are out')
    expect(semaphore.value).toBe(1)
    semaphore.release()
    expect(semaphore.value).toBe(2)
    expect(() => semaphore.release(NaN)).toThrow(RangeError)
  })

  it('counts a permit that an ended waiter gave back', async () => {
    const semaphore = new BoundedSemaphore(1)
    await semaphore.acquire()
    const careless = schedule(() => void semaphore.acquire())
    await settled()
    expect(careless.state).toBe('finished')
    semaphore.release()
    expect(semaphore.statistics()).toEqual({ value: 1, waiting: 0 })
    expect(await outcome(waiter('generator', () => semaphore.acquire()))).toBe(true)
  })

  it('shows itself by its own name', async () => {
    const semaphore = new BoundedSemaphore(0)
    const blocked = waiter('generator', () => semaphore.acquire())
    await settled()
    expect(blocked.blockedOn[0]?.kind).toBe('BoundedSemaphore.acquire')
    semaphore.permits++
    semaphore.permits--
    semaphore.giveBack()
    await blocked.join()
  })
})
