import { end, pause, schedule, type Steps } from '@greenhouse/scheduler'
import { describe, expect, it } from 'vitest'
import { asEntrant, currentEntrant, Gate } from '../src/facade/gate.ts'

describe('admission to a module graph', () => {
  function* inside<T>(gate: Gate, body: () => Steps<T>): Steps<T> {
    yield* gate.enter(currentEntrant())
    try {
      return yield* body()
    } finally {
      gate.leave()
    }
  }

  it('is for one greenlet at a time, in order of arrival, and again for who is inside', async () => {
    const gate = new Gate('x')
    const log: string[] = []
    const visitors = ['a', 'b', 'c'].map((name) =>
      schedule(() =>
        inside(gate, function* () {
          log.push(`${name} in`)
          yield* pause()
          yield* inside(gate, function* () {
            yield* pause()
          })
          log.push(`${name} out`)
        }),
      ),
    )
    for (const visitor of visitors) await visitor.join()
    expect(log).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
    expect([gate.owner, gate.levels]).toEqual([null, 0])
  })

  it('passes who was ended while waiting, and in the instant of admission', async () => {
    const gate = new Gate('x')
    const visit = (name: string, log: string[]) =>
      schedule(() =>
        inside(gate, function* () {
          log.push(name)
          yield* pause()
        }),
      )
    const log: string[] = []
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => visit(name, log))
    await pause()
    end(b!)
    await a!.join()
    // Admitted, but it has not run yet.
    end(c!)
    await d!.join()
    expect(log.filter((name) => name !== 'c')).toEqual(['a', 'd'])
    expect([gate.owner, gate.levels]).toEqual([null, 0])
    for (const ended of [b!, c!])
      await expect(ended.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
  })

  it('fails where two graphs would wait for each other', async () => {
    const [x, y] = [new Gate('x'), new Gate('y')]
    const cross = (first: Gate, second: Gate) =>
      schedule(() =>
        inside(first, function* () {
          yield* pause()
          return yield* inside(second, function* () {
            yield* pause()
            return 'through'
          })
        }),
      )
    const [one, two] = [cross(x, y), cross(y, x)]
    const outcomes = await Promise.allSettled([one.join(), two.join()])
    expect(outcomes[0]).toMatchObject({ value: 'through' })
    expect(outcomes[1]).toMatchObject({ reason: { code: 'GH_DEADLOCK' } })
    expect([x.owner, y.owner]).toEqual([null, null])
  })

  it('tells the flows of main apart, and knows one again', async () => {
    const gate = new Gate('x')
    const log: string[] = []
    const flow = async (name: string): Promise<void> => {
      const me = currentEntrant()
      await gate.enter(me)
      await asEntrant(me, async () => {
        log.push(`${name} in`)
        await pause()
        expect(currentEntrant()).toBe(me)
        await gate.enter(currentEntrant())
        gate.leave()
        log.push(`${name} out`)
      })
      gate.leave()
    }
    await Promise.all([flow('a'), flow('b')])
    expect(log).toEqual(['a in', 'a out', 'b in', 'b out'])
  })
})
