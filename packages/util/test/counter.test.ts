import { pause, schedule } from '@greenhouse/scheduler'
import { Barrier, Counter } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { cancelTable, coded, KINDS, outcome, settled, waiter } from './flows.ts'

describe('Counter', () => {
  it('U52 counts up and down', () => {
    const counter = new Counter()
    counter.increment()
    counter.increment(4)
    expect(counter.count).toBe(5)
    counter.decrement()
    counter.decrement(7)
    expect(counter.count).toBe(-3)
    expect(new Counter(12).count).toBe(12)
  })

  for (const kind of KINDS) {
    it(`U53 U54 wait blocks while the value differs, and is released when it reaches 0 (${kind})`, async () => {
      const counter = new Counter(2)
      const greenlet = waiter(kind, () => counter.wait())
      counter.decrement()
      await settled()
      expect(greenlet.state).toBe('blocked')
      counter.decrement()
      expect(await greenlet.join()).toBe(true)
      expect(await counter.wait()).toBe(true)
    })

    it(`U55 wait(4) is released when counting up to 4, not before (${kind})`, async () => {
      const counter = new Counter()
      const greenlet = waiter(kind, () => counter.wait(4))
      for (let i = 0; i < 3; i++) counter.increment()
      await settled()
      expect(greenlet.state).toBe('blocked')
      counter.increment()
      counter.increment()
      expect(await greenlet.join()).toBe(true)
    })
  }

  it('a step over a value does not wake its waiters', async () => {
    const counter = new Counter()
    const greenlet = waiter('async', () => counter.wait(1))
    await settled()
    counter.increment(2)
    await settled()
    expect(greenlet.state).toBe('blocked')
    counter.decrement()
    expect(await greenlet.join()).toBe(true)
  })

  it('forgets values for which nobody waits any more', async () => {
    const counter = new Counter()
    for (let n = 1; n <= 1000; n++) await counter.wait(n, { timeoutMs: 0 })
    expect(counter.waiters.size).toBeLessThan(40)
    expect(counter.statistics()).toEqual({ count: 0, waiting: 0 })
  })

  it('refuses what is no integer', () => {
    expect(() => new Counter(0.5)).toThrow(RangeError)
    expect(() => new Counter().increment('1' as never)).toThrow(TypeError)
    expect(() => new Counter().wait({ timeoutMs: 1 } as never)).toThrow(
      coded('GH_INVALID_ARGUMENT') as Error,
    )
  })

  describe('when a wait is cut short', () => {
    cancelTable(() => {
      const counter = new Counter(1)
      return {
        wait: (options) => counter.wait(0, options),
        handOver: () => {
          if (counter.count > 0) counter.decrement()
        },
        waiting: () => counter.statistics().waiting,
        gives: true,
        onTimeout: false,
        toAll: true,
      }
    })
  })
})

describe('Barrier', () => {
  it('lets all go on when the last has come, round after round', async () => {
    const barrier = new Barrier(3)
    const log: string[] = []
    const walkers = ['a', 'b', 'c'].map((name, n) =>
      n % 2 === 0
        ? schedule(async () => {
            for (let round = 0; round < 3; round++) {
              for (let i = 0; i < n; i++) await pause()
              log.push(`${name}${round}`)
              await barrier.wait()
            }
          })
        : schedule(function* () {
            for (let round = 0; round < 3; round++) {
              log.push(`${name}${round}`)
              yield* barrier.wait()
            }
          }),
    )
    for (const walker of walkers) await walker.join()
    expect(log.map((entry) => entry[1]).join('')).toBe('000111222')
    expect(barrier.statistics()).toEqual({ parties: 3, waiting: 0 })
  })

  it('one that gave up has not come', async () => {
    const barrier = new Barrier(2)
    expect(await barrier.wait({ timeoutMs: 0 })).toBe(false)
    const first = waiter('generator', () => barrier.wait())
    await settled()
    expect(barrier.waiting).toBe(1)
    expect(await barrier.wait()).toBe(true)
    expect(await first.join()).toBe(true)
  })

  it('reset sends home all that wait, and the next round is whole', async () => {
    const barrier = new Barrier(3, { name: 'gate' })
    const waiting = KINDS.map((kind) => outcome(waiter(kind, () => barrier.wait())))
    await settled()
    barrier.reset()
    expect(await Promise.all(waiting)).toEqual(['GH_INVALID_STATE', 'GH_INVALID_STATE'])
    expect(await Promise.all([barrier.wait(), barrier.wait(), barrier.wait()])).toEqual([
      true,
      true,
      true,
    ])
  })

  it('of one never blocks, and a bad number is refused', async () => {
    expect(await new Barrier(1).wait()).toBe(true)
    for (const parties of [0, 1.5, Infinity]) expect(() => new Barrier(parties)).toThrow(RangeError)
  })
})
