// Scopes and groups that nobody waits for any more: they are cancelled with what is around them, and their late errors are heard.
import { describe, expect, it } from 'vitest'
import {
  all,
  end,
  first,
  globalExceptionHandler,
  Group,
  moveOnAfter,
  pause,
  pauseFor,
  removeGlobalExceptionHandler,
  schedule,
  statistics,
  withTimeout,
  type Greenlet,
} from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { inWorld, turns, type World } from './support/kill-world.ts'
import { KINDS } from './support/script.ts'

const inside = (world: World) => world.body(() => world.waiting(() => world.park()))

for (const kind of KINDS) {
  describe(`C1 what a greenlet with ${kind} bodies starts and does not wait for`, () => {
    it.each([
      ['withTimeout', (world: World) => withTimeout(60_000, inside(world))],
      ['moveOnAfter', (world: World) => moveOnAfter(60_000, inside(world))],
      ['Group.run', (world: World) => Group.run(inside(world))],
      [
        'a child of Group.run',
        (world: World) =>
          Group.run((group) => {
            group.schedule(inside(world))
          }),
      ],
      [
        'a scope in a scope',
        (world: World) => withTimeout(60_000, () => withTimeout(60_000, inside(world))),
      ],
      ['first', (world: World) => first([() => withTimeout(60_000, inside(world))])],
    ])('is ended with it: %s', (_what, start) =>
      inWorld(kind, async (world) => {
        const careless = world.schedule(function* () {
          void start(world)
          yield () => pause()
          yield () => pause()
        })
        await careless.join()
        await turns()
        expect(world.log).toEqual(['GH_EXIT', 'cleaned up'])
      }),
    )

    it('is ended with the scope around it', () =>
      inWorld(kind, async (world) => {
        const careless = world.schedule(function* () {
          yield () =>
            withTimeout(Infinity, () => {
              void withTimeout(60_000, inside(world))
            })
          world.log.push('goes on')
          yield () => pauseFor(0)
        })
        await turns()
        expect(world.log.toSorted()).toEqual(['GH_EXIT', 'cleaned up', 'goes on'])
        await world.clock.advance(0)
        await careless.join()
      }))
  })

  describe(`C4 the cleanup of a loser with ${kind} bodies`, () => {
    it('is whole, though its greenlet finishes meanwhile; it has the grace period', () =>
      inWorld(kind, async (world) => {
        const slow = world.body(function* () {
          try {
            yield () => world.park()
          } finally {
            yield () => pauseFor(900)
            world.log.push(`cleaned up at ${world.clock.now()}`)
          }
        })
        const stubborn = world.body(function* () {
          for (;;) {
            try {
              yield () => pauseFor(60_000)
            } catch {
              world.log.push(`told at ${world.clock.now()}`)
              if (world.clock.now() > 0) return
            }
          }
        })
        const greenlet = schedule(async () => {
          await all<unknown>([
            () => withTimeout(60_000, slow),
            () => withTimeout(60_000, stubborn),
            () => Promise.reject(new Error('lost')),
          ])
        })
        await expect(greenlet.join()).rejects.toThrow('lost')
        await world.clock.advance(2000)
        expect(world.log).toEqual(['told at 0', 'cleaned up at 900', 'told at 1000'])
      }))
  })
}

describe('C5 a scope left behind on a foreign promise', () => {
  const leave = async (
    body: (gate: Promise<void>) => Promise<void>,
  ): Promise<[unknown[], number]> => {
    const heard: unknown[] = []
    const handler = globalExceptionHandler((error) => heard.push((error as Error).message))
    let open!: () => void
    const gate = new Promise<void>((resolve) => (open = resolve))
    const greenlet = schedule(async () => withTimeout(60_000, () => body(gate)))
    await turns()
    end(greenlet)
    await expect(greenlet.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    open()
    await turns()
    removeGlobalExceptionHandler(handler)
    return [heard, statistics().timers]
  }

  it('ends silently of the end that left it behind', async () => {
    const [heard, timers] = await leave(async (gate) => {
      await gate
      await pauseFor(60_000)
    })
    expect([heard, timers]).toEqual([[], 0])
  })

  it('has an error of its own heard', async () => {
    const [heard] = await leave(async (gate) => {
      await gate
      throw new Error('of its own')
    })
    expect(heard).toEqual(['of its own'])
  })

  it('ends silently of its own time-out, too, when an end came on top of that', () =>
    withVirtualClock(async (clock) => {
      const heard: unknown[] = []
      const handler = globalExceptionHandler((error) => heard.push(error))
      let open!: () => void
      const gate = new Promise<void>((resolve) => (open = resolve))
      const greenlet = schedule(async () =>
        withTimeout(5, async () => {
          try {
            await pauseFor(60_000)
          } finally {
            await gate
          }
        }),
      )
      await clock.advance(5)
      end(greenlet)
      await expect(greenlet.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
      open()
      await turns()
      removeGlobalExceptionHandler(handler)
      expect(heard).toEqual([])
    }))

  it('is not one that has just been woken: then the call waits for its cleanup', () =>
    withVirtualClock(async () => {
      const log: string[] = []
      let wake!: () => void
      const inner = schedule(() => {
        return new Promise<void>((resolve) => (wake = resolve))
      })
      const greenlet = schedule(async () => {
        try {
          await withTimeout(60_000, async () => {
            await inner.join()
            log.push('woken')
            try {
              await pauseFor(1000)
            } finally {
              await pauseFor(10)
              log.push('cleaned up')
            }
          })
        } finally {
          log.push('over')
        }
      })
      await turns()
      wake()
      await inner.join()
      end(greenlet)
      await expect(greenlet.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
      expect(log).toEqual(['woken', 'cleaned up', 'over'])
    }))
})

describe('C4 a body that has not got to its await yet', () => {
  it.each([
    ['withTimeout', (body: () => Promise<unknown>) => withTimeout(60_000, body)],
    ['Group.run', (body: () => Promise<unknown>) => Group.run(body)],
    [
      'withTimeout, in a scope of its own',
      (body: () => Promise<unknown>) =>
        withTimeout(60_000, async () => await moveOnAfter(60_000, body)),
    ],
  ])('is reached by an end all the same: %s', (_what, run) =>
    inWorld('async', async (world) => {
      let victim!: Greenlet
      victim = schedule(async () => {
        try {
          const call = run(inside(world))
          end(victim)
          await call
        } finally {
          world.log.push('over')
        }
      })
      await expect(victim.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
      expect(world.log).toEqual(['GH_EXIT', 'cleaned up', 'over'])
    }),
  )

  it('is left behind where it is on a foreign promise beside a wait of its own', () =>
    inWorld('async', async (world) => {
      let open!: () => void
      const gate = new Promise<void>((resolve) => (open = resolve))
      const victim = schedule(async () => {
        await withTimeout(60_000, async () => {
          void world.park()
          void moveOnAfter(60_000, () => world.park())
          await gate
          world.log.push('goes on')
          await pause()
          world.log.push('too far')
        })
      })
      await turns()
      end(victim)
      await expect(victim.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
      expect(world.log).toEqual([])
      open()
      await turns()
      expect(world.log).toEqual(['goes on'])
    }))
})

describe('C5 a child of a group that nobody waits for', () => {
  it('has its error heard', async () => {
    const heard: unknown[] = []
    const handler = globalExceptionHandler((error) => heard.push((error as Error).message))
    const careless = schedule(async () => {
      void Group.run((group) => {
        group.schedule(async () => {
          try {
            await pauseFor(60_000)
          } finally {
            // oxlint-disable-next-line no-unsafe-finally
            throw new Error('in cleanup')
          }
        })
      })
      await pause()
    })
    await careless.join()
    await turns()
    removeGlobalExceptionHandler(handler)
    expect([heard, statistics().timers]).toEqual([['in cleanup'], 0])
  })
})
