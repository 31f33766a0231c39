import { end, pause, schedule } from '@greenhouse/scheduler'
import { expect, it } from 'vitest'
import { few } from '../src/rt/few.ts'
import { op, type Done } from '../src/rt/op.ts'

/** Operations of one kind, of which two at once are admitted. */
function operations() {
  const admission = few(2)
  const begun: number[] = []
  const ends: Done<number>[] = []
  const start = (i: number) =>
    schedule(function* () {
      return yield* op<number>(
        'test',
        (done) => {
          begun.push(i)
          if (i < 0) throw new TypeError('not begun')
          ends[i] = done
        },
        () => {
          throw new TypeError('as the original says')
        },
        admission,
      ).start()
    })
  return { begun, ends, start }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

it('lets few begin at once, the others in their order as those before them are over', async () => {
  const { begun, ends, start } = operations()
  const greenlets = [0, 1, 2, 3, 4].map(start)
  await turn()
  expect(begun).toEqual([0, 1])
  ends[1]!(null, 10)
  expect(begun).toEqual([0, 1, 2])
  ends[2]!(new Error('failed'))
  ends[0]!(null, 0)
  expect(begun).toEqual([0, 1, 2, 3, 4])
  ends[3]!(null, 30)
  ends[4]!(null, 40)
  const outcomes = await Promise.allSettled(greenlets.map((greenlet) => greenlet.join()))
  expect(outcomes.map((outcome) => ('value' in outcome ? outcome.value : 'failed'))).toEqual([
    0,
    10,
    'failed',
    30,
    40,
  ])
})

it('counts one that was given up until its work is over, and passes over one that waited', async () => {
  const { begun, ends, start } = operations()
  const greenlets = [0, 1, 2, 3].map(start)
  await turn()
  for (const i of [0, 2]) {
    end(greenlets[i]!)
    await expect(greenlets[i]!.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
  }
  expect(begun).toEqual([0, 1])
  ends[0]!(null, 0)
  expect(begun).toEqual([0, 1, 3])
  ends[1]!(null, 10)
  ends[3]!(null, 30)
  expect(await greenlets[3]!.join()).toBe(30)
})

it('does not count what could not begin', async () => {
  const { begun, start, ends } = operations()
  const refused = [-1, -2, -3].map(start)
  for (const greenlet of refused) await expect(greenlet.join()).rejects.toThrow('original')
  const greenlet = start(4)
  await turn()
  expect(begun).toEqual([-1, -2, -3, 4])
  ends[4]!(null, 40)
  expect(await greenlet.join()).toBe(40)
})

it('passes over any number of those that were given up', async () => {
  const { begun, ends, start } = operations()
  const greenlets = Array.from({ length: 20_000 }, (_, i) => start(i))
  await pause()
  for (const greenlet of greenlets.slice(2, -1)) end(greenlet)
  await Promise.allSettled(greenlets.slice(2, -1).map((greenlet) => greenlet.join()))
  ends[0]!(null, 0)
  expect(begun).toEqual([0, 1, 19_999])
  ends[1]!(null, 0)
  ends[19_999]!(null, 0)
  await greenlets.at(-1)!.join()
})
