// The kill table: a greenlet is cut short wherever it may be, in every way, as a generator and as an async function. It hears
// of it once, its cleanup runs and may wait, it ends in the right state, and nothing of it stays anywhere.
import {
  all,
  end,
  first,
  getCurrent,
  greenlet,
  Group,
  moveOnAfter,
  pause,
  pauseFor,
  pauseUntil,
  scheduleException,
  scheduleIn,
  shield,
  wait,
  withTimeout,
  type Blocking,
  type Greenlet,
} from '@greenhouse/scheduler'
import { Sequencer } from '@greenhouse/scheduler/testing'
import { describe, expect, it } from 'vitest'
import { inWorld, outcomeOf, turns, type World } from './support/kill-world.ts'
import { KINDS, labelOf, type Script } from './support/script.ts'

/** A way of cutting short. */
interface Way {
  /** Runs the script in a greenlet, with what the way needs around it. */
  run(world: World, script: () => Script): Greenlet
  cut(world: World, victim: Greenlet): void | Promise<void>
  /** What the wait throws. */
  readonly told: string
  /** How the greenlet ends. */
  readonly outcome: string
}

let cancelScope: (reason: Error) => void
let child: Greenlet
let sibling: Greenlet

const END: Way = {
  run: (world, script) => world.schedule(script),
  cut: (_world, victim) => end(victim),
  told: 'GH_EXIT',
  outcome: 'ended: GH_EXIT',
}
const EXCEPTION: Way = {
  run: (world, script) => world.schedule(script),
  cut: (_world, victim) => scheduleException(new Error('thrown'), victim),
  told: 'thrown',
  outcome: 'failed: thrown',
}
const DEADLINE: Way = {
  run: (world, script) =>
    world.schedule(function* () {
      yield () => withTimeout(10, world.body(script))
    }),
  cut: (world) => world.clock.advance(10),
  told: 'GH_TIMEOUT',
  outcome: 'failed: GH_TIMEOUT',
}
const CANCEL: Way = {
  run: (world, script) =>
    world.schedule(function* () {
      return yield () =>
        moveOnAfter(Infinity, (scope) => {
          cancelScope = (reason) => scope.cancel(reason)
          return world.body(script)()
        })
    }),
  cut: () => cancelScope(new Error('cancelled')),
  told: 'cancelled',
  outcome: 'finished: gave undefined',
}
const SIBLING: Way = {
  run: (world, script) =>
    world.schedule(function* () {
      yield () =>
        Group.run((group) => {
          child = group.schedule(world.body(script))
        })
    }),
  cut: () => scheduleException(new Error('sibling'), child),
  told: 'sibling',
  outcome: 'failed: sibling',
}
const GROUP: Way = {
  run: (world, script) =>
    world.schedule(function* () {
      yield () =>
        Group.run((group) => {
          child = group.schedule(world.body(script))
          sibling = group.schedule(() => pauseFor(Infinity))
        })
    }),
  cut: () => scheduleException(new Error('sibling'), sibling),
  told: 'GH_EXIT',
  outcome: 'failed: sibling',
}
const WAYS: Record<string, Way> = {
  'its end': END,
  'an exception': EXCEPTION,
  'a deadline': DEADLINE,
  'a cancelled scope around': CANCEL,
  'an exception in a child of a group': SIBLING,
  'the failure of a sibling': GROUP,
}

/** What a greenlet waits on, and what the log says before the greenlet itself hears of the cut. */
interface Place {
  wait(world: World): Blocking<unknown>
  inner?(told: string): string[]
  /** A wait that is over by itself. */
  readonly short?: boolean
}

const parkInside = (world: World, who: string) => () => world.waiting(() => world.park(), who)
const insideTold = (told: string) => [`in ${told}`, 'in cleaned up']

const PLACES: Record<string, Place> = {
  pause: { wait: () => pause(), short: true },
  pauseFor: { wait: () => pauseFor(60_000) },
  'pauseFor without end': { wait: () => pauseFor(Infinity) },
  'pauseFor with a signal': {
    wait: (world) => pauseFor(60_000, { signal: world.aborter.signal }),
  },
  pauseUntil: { wait: () => pauseUntil(86_400_000) },
  join: { wait: (world) => world.bystander.join() },
  'join with a time-out': { wait: (world) => world.bystander.join({ timeoutMs: 60_000 }) },
  'a promise': { wait: (world) => wait(world.never) },
  'a promise with a time-out': { wait: (world) => wait(world.never, { timeoutMs: 60_000 }) },
  'a wait list': { wait: (world) => world.park() },
  'a wait list with a time-out and a signal': {
    wait: (world) => world.park({ timeoutMs: 60_000, signal: world.aborter.signal }),
  },
  'an operation of somebody else': { wait: (world) => world.theirs },
  'a turn of a Sequencer': { wait: () => new Sequencer().turn(1) },
  'the body of withTimeout': {
    wait: (world) => withTimeout(60_000, world.body(parkInside(world, 'in '))),
    inner: insideTold,
  },
  'the body of moveOnAfter': {
    wait: (world) => moveOnAfter(60_000, world.body(parkInside(world, 'in '))),
    inner: insideTold,
  },
  'a scope in a scope': {
    wait: (world) =>
      withTimeout(
        60_000,
        world.body(() =>
          world.waiting(
            () => moveOnAfter(60_000, world.body(parkInside(world, 'in '))),
            'between ',
          ),
        ),
      ),
    inner: (told) => [...insideTold(told), `between ${told}`, 'between cleaned up'],
  },
  'the body of Group.run': {
    wait: (world) => Group.run(world.body(parkInside(world, 'in '))),
    inner: insideTold,
  },
  'a child of Group.run': {
    wait: (world) =>
      Group.run((group) => {
        group.schedule(world.body(parkInside(world, 'in ')))
      }),
    inner: () => insideTold('GH_EXIT'),
  },
  'a child of Group.run beside one that may not start yet': {
    wait: (world) =>
      Group.run(
        (group) => {
          group.schedule(world.body(parkInside(world, 'in ')))
          group.schedule(world.body(parkInside(world, 'never ')))
        },
        { concurrency: 1 },
      ),
    inner: () => insideTold('GH_EXIT'),
  },
  first: { wait: (world) => first<unknown>([() => world.park(), () => pauseFor(60_000)]) },
  'first with scopes': {
    wait: (world) =>
      first<unknown>([
        () => withTimeout(60_000, world.body(parkInside(world, 'in '))),
        () => wait(world.never),
        () => world.bystander.join(),
      ]),
    inner: insideTold,
  },
  all: { wait: (world) => all<unknown>([() => world.park(), pauseFor(60_000), world.park()]) },
}

/** A greenlet that was not started yet, and where it stands. */
const UNSTARTED: Record<string, (world: World, script: () => Script) => Greenlet> = {
  'that was made': (world, script) => greenlet(world.body(script)),
  'that is scheduled': (world, script) => world.schedule(script),
  'that is scheduled for later': (world, script) => scheduleIn(60_000, world.body(script)),
  'for whose turn a group waits': (world, script) => {
    let waiting!: Greenlet
    const run = Group.run(
      (group) => {
        group.schedule(turns)
        waiting = group.schedule(world.body(script))
      },
      { concurrency: 1 },
    )
    void run.catch(() => {})
    return waiting
  },
}

/** A moment in the life of a greenlet: its script, what is done to it, and what comes of it. */
interface Moment {
  readonly script: (world: World) => Script
  readonly act?: (world: World, victim: Greenlet) => void | Promise<void>
  readonly log: readonly string[]
  readonly outcome: string
  /** What was handed over and came back. */
  readonly back?: readonly string[]
}

const thrown = (victim: Greenlet, message: string = 'thrown') =>
  scheduleException(new Error(message), victim)

const MOMENTS: Record<string, Moment> = {
  'in its finally, by a first end: the cleanup is cut': {
    *script(world) {
      try {
        world.log.push('over')
      } finally {
        yield* world.waiting(() => world.park(), 'in finally ')
      }
    },
    act: (_world, victim) => end(victim),
    log: ['over', 'in finally GH_EXIT', 'in finally cleaned up'],
    outcome: 'ended: GH_EXIT',
  },
  'in its finally, by a second end: the cleanup goes on': {
    *script(world) {
      try {
        yield () => world.park()
      } finally {
        world.log.push(`cleanup got ${yield () => world.park()}`)
      }
    },
    async act(world, victim) {
      end(victim)
      await turns()
      end(victim)
      await turns()
      world.list.wake('what it needs')
    },
    log: ['cleanup got what it needs'],
    outcome: 'ended: GH_EXIT',
  },
  'in its finally, by an exception after the end: that cuts the cleanup': {
    *script(world) {
      try {
        yield () => world.park()
      } finally {
        yield* world.waiting(() => world.park(), 'in finally ')
      }
    },
    async act(_world, victim) {
      end(victim)
      await turns()
      thrown(victim)
    },
    log: ['in finally thrown', 'in finally cleaned up'],
    outcome: 'failed: thrown',
  },
  'in its finally, by an end after an exception': {
    *script(world) {
      try {
        yield () => world.park()
      } finally {
        yield* world.waiting(() => world.park(), 'in finally ')
      }
    },
    async act(_world, victim) {
      thrown(victim)
      await turns()
      end(victim)
    },
    log: ['in finally GH_EXIT', 'in finally cleaned up'],
    outcome: 'ended: GH_EXIT',
  },
  'in a shielded part, by an end: that comes at the next wait': {
    *script(world) {
      yield () =>
        shield(
          world.body(function* () {
            world.log.push(`shield got ${yield () => world.park()}`)
          }),
        )
      world.log.push('after the shield')
      yield* world.waiting(() => world.park())
    },
    async act(world, victim) {
      end(victim)
      await turns()
      world.list.wake('what it needs')
    },
    log: ['shield got what it needs', 'after the shield', 'GH_EXIT', 'cleaned up'],
    outcome: 'ended: GH_EXIT',
  },
  'in a shielded part, by an exception: that comes at the next wait': {
    *script(world) {
      yield () =>
        shield(
          world.body(function* () {
            world.log.push(`shield got ${yield () => world.park()}`)
          }),
        )
      yield* world.waiting(() => world.park())
    },
    async act(world, victim) {
      thrown(victim)
      await turns()
      world.list.wake('what it needs')
    },
    log: ['shield got what it needs', 'thrown', 'cleaned up'],
    outcome: 'failed: thrown',
  },
  'in a shielded part of its cleanup': {
    *script(world) {
      try {
        yield () => world.park()
      } finally {
        yield () =>
          shield(
            world.body(function* () {
              world.log.push(`shield got ${yield () => world.park()}`)
            }),
          )
      }
    },
    async act(world, victim) {
      end(victim)
      await turns()
      thrown(victim)
      end(victim)
      await turns()
      world.list.wake('what it needs')
    },
    log: ['shield got what it needs'],
    outcome: 'ended: GH_EXIT',
  },
  'twice at once, by ends: it hears of one': {
    script: (world) => world.waiting(() => world.park()),
    act(_world, victim) {
      end(victim)
      end(victim)
    },
    log: ['GH_EXIT', 'cleaned up'],
    outcome: 'ended: GH_EXIT',
  },
  'twice at once, by exceptions: the second comes at the next wait': {
    script: (world) =>
      world.waiting(() =>
        withTimeout(
          Infinity,
          world.body(() => world.waiting(() => world.park(), 'in ')),
        ),
      ),
    act(_world, victim) {
      thrown(victim, 'one')
      thrown(victim, 'two')
    },
    log: ['in one', 'two', 'cleaned up'],
    outcome: 'failed: two',
  },
  'twice at once, by an end and an exception': {
    *script(world) {
      try {
        yield () => world.park()
      } catch (error) {
        world.log.push(labelOf(error))
        yield* world.waiting(() => world.park(), 'then ')
      }
    },
    act(_world, victim) {
      end(victim)
      thrown(victim)
    },
    log: ['GH_EXIT', 'then thrown', 'then cleaned up'],
    outcome: 'failed: thrown',
  },
  'twice at once, by an exception and an end': {
    *script(world) {
      try {
        yield () => world.park()
      } catch (error) {
        world.log.push(labelOf(error))
        yield* world.waiting(() => world.park(), 'then ')
      }
    },
    act(_world, victim) {
      thrown(victim)
      end(victim)
    },
    log: ['thrown', 'then GH_EXIT', 'then cleaned up'],
    outcome: 'ended: GH_EXIT',
  },
  'by itself: its next wait throws before it tries anything': {
    *script(world) {
      end(getCurrent())
      world.log.push('goes on')
      yield* world.waiting(() => wait('there already'))
    },
    log: ['goes on', 'GH_EXIT', 'cleaned up'],
    outcome: 'ended: GH_EXIT',
  },
  'by itself, by an exception': {
    *script(world) {
      thrown(getCurrent())
      yield* world.waiting(() => world.park())
    },
    log: ['thrown', 'cleaned up'],
    outcome: 'failed: thrown',
  },
  'by itself, and never waits again': {
    *script(world) {
      yield () => pause()
      end(getCurrent())
      world.log.push('goes on')
      return 'done'
    },
    log: ['goes on'],
    outcome: 'finished: gave done',
  },
  'by itself, from within a scope': {
    *script(world) {
      yield* world.waiting(() =>
        withTimeout(
          60_000,
          world.body(function* () {
            end(getCurrent())
            yield* world.waiting(() => world.park(), 'in ')
          }),
        ),
      )
    },
    log: ['in GH_EXIT', 'in cleaned up', 'GH_EXIT', 'cleaned up'],
    outcome: 'ended: GH_EXIT',
  },
  'by a child that it joins; the child goes on': {
    *script(world) {
      const me = getCurrent()
      const one = world.schedule(function* () {
        yield () => pause()
        end(me)
        yield () => turns2()
        world.log.push('child is over')
      })
      yield* world.waiting(() => one.join())
    },
    log: ['GH_EXIT', 'cleaned up', 'child is over'],
    outcome: 'ended: GH_EXIT',
  },
  'by a child of its own group': {
    *script(world) {
      const me = getCurrent()
      yield* world.waiting(() =>
        Group.run((group) => {
          group.schedule(
            world.body(function* () {
              end(me)
              yield* world.waiting(() => world.park(), 'child ')
            }),
          )
        }),
      )
    },
    log: ['child GH_EXIT', 'child cleaned up', 'GH_EXIT', 'cleaned up'],
    outcome: 'ended: GH_EXIT',
  },
  'in the instant of hand-over: what it was handed goes back': {
    script: (world) => world.waiting(() => world.park()),
    act(world, victim) {
      world.list.wake('item')
      expect(victim.state).toBe('ready')
      end(victim)
    },
    log: ['GH_EXIT', 'cleaned up'],
    outcome: 'ended: GH_EXIT',
    back: ['item'],
  },
  'in the instant of hand-over, by an exception': {
    script: (world) => world.waiting(() => world.park()),
    act(world, victim) {
      world.list.wake('item')
      thrown(victim)
    },
    log: ['thrown', 'cleaned up'],
    outcome: 'failed: thrown',
    back: ['item'],
  },
  'in the instant of hand-over in a scope': {
    script: (world) =>
      world.waiting(() =>
        withTimeout(
          60_000,
          world.body(() => world.waiting(() => world.park(), 'in ')),
        ),
      ),
    act(world, victim) {
      world.list.wake('item')
      end(victim)
    },
    log: ['in GH_EXIT', 'in cleaned up', 'GH_EXIT', 'cleaned up'],
    outcome: 'ended: GH_EXIT',
    back: ['item'],
  },
  'in the instant of hand-over to a choice': {
    script: (world) => world.waiting(() => first<unknown>([() => world.park(), () => pauseFor(9)])),
    act(world, victim) {
      world.list.wake('item')
      end(victim)
    },
    log: ['GH_EXIT', 'cleaned up'],
    outcome: 'ended: GH_EXIT',
    back: ['item'],
  },
  'in the instant of hand-over to all of several': {
    script: (world) => world.waiting(() => all([() => world.park(), () => world.park()])),
    act(world, victim) {
      world.list.wake('item')
      end(victim)
    },
    log: ['GH_EXIT', 'cleaned up'],
    outcome: 'ended: GH_EXIT',
    back: ['item'],
  },
  'before its wait, which then takes nothing': {
    *script(world) {
      yield () => world.park()
      end(getCurrent())
      yield () => world.park()
    },
    act: (world) => void world.list.wake('item'),
    log: [],
    outcome: 'ended: GH_EXIT',
  },
  'and swallows it: it comes again after each grace period': {
    *script(world) {
      for (;;) {
        try {
          yield () => pauseFor(300)
          world.log.push(`slept until ${world.clock.now()}`)
        } catch {
          world.log.push(`end at ${world.clock.now()}`)
        }
        if (world.clock.now() >= 2000) return 'stubborn'
      }
    },
    act: async (world, victim) => {
      end(victim)
      await world.clock.advance(2000)
    },
    log: [
      'end at 0',
      'slept until 300',
      'slept until 600',
      'slept until 900',
      'end at 1000',
      'slept until 1300',
      'slept until 1600',
      'slept until 1900',
      'end at 2000',
    ],
    outcome: 'finished: gave stubborn',
  },
  'and swallows an exception: it does not come again': {
    *script(world) {
      try {
        yield () => world.park()
      } catch (error) {
        world.log.push(labelOf(error))
      }
      return yield () => world.park()
    },
    async act(world, victim) {
      thrown(victim)
      await world.clock.advance(5000)
      world.list.wake('item')
    },
    log: ['thrown'],
    outcome: 'finished: gave item',
  },
  'at a deadline, and swallows it: the scope has timed out all the same': {
    script: (world) =>
      world.waiting(() =>
        withTimeout(
          10,
          world.body(function* () {
            try {
              yield () => world.park()
            } catch (error) {
              world.log.push(`in ${labelOf(error)}`)
            }
          }),
        ),
      ),
    act: (world) => world.clock.advance(10),
    log: ['in GH_TIMEOUT', 'GH_TIMEOUT', 'cleaned up'],
    outcome: 'failed: GH_TIMEOUT',
  },
  'at a deadline in the instant of its end': {
    script: (world) =>
      world.waiting(() =>
        withTimeout(
          10,
          world.body(() => world.waiting(() => world.park(), 'in ')),
        ),
      ),
    act(world, victim) {
      end(victim)
      return world.clock.advance(10)
    },
    log: ['in GH_EXIT', 'in cleaned up', 'GH_EXIT', 'cleaned up'],
    outcome: 'ended: GH_EXIT',
  },
}

function turns2(): Blocking<void> {
  return wait(turns())
}

for (const kind of KINDS) {
  describe(`C4 a greenlet that is ${kind} and`, () => {
    for (const [where, make] of Object.entries(UNSTARTED)) {
      for (const [how, way] of Object.entries({ 'its end': END, 'an exception': EXCEPTION })) {
        it(`not started, ${where}, never starts after ${how}`, () =>
          inWorld(kind, async (world) => {
            const victim = make(world, () => world.waiting(pause))
            expect(victim.state).toBe('initial')
            void way.cut(world, victim)
            expect(await outcomeOf(victim)).toBe(way.outcome)
            await turns()
            expect(world.log).toEqual([])
          }))
      }
    }
  })

  describe(`C3 C4 a greenlet that is ${kind} is cut short`, () => {
    for (const [when, { script, act, log, outcome, back = [] }] of Object.entries(MOMENTS)) {
      it(when, () =>
        inWorld(kind, async (world) => {
          const victim = world.schedule(() => script(world))
          const over = outcomeOf(victim)
          await turns()
          await act?.(world, victim)
          expect(await over).toBe(outcome)
          await turns()
          expect(world.log).toEqual(log)
          expect(world.back).toEqual(back)
        }),
      )
    }
  })

  describe(`C3 C4 a greenlet that is ${kind}`, () => {
    for (const [where, place] of Object.entries(PLACES)) {
      for (const [how, way] of Object.entries(WAYS)) {
        if (place.short === true && way === DEADLINE) continue
        it(`at ${where} is cut short by ${how}`, () =>
          inWorld(kind, async (world) => {
            const victim = way.run(world, () => world.waiting(() => place.wait(world)))
            const outcome = outcomeOf(victim)
            await turns()
            if (place.short !== true) expect(victim.state).toBe('blocked')
            await way.cut(world, victim)
            expect(await outcome).toBe(way.outcome)
            await turns()
            const log = world.log.filter((line) => line !== 'got undefined')
            const inner = place.inner?.(way.told) ?? []
            expect(log.filter((line) => !inner.includes(line))).toEqual([way.told, 'cleaned up'])
            for (const line of inner) expect(log).toContain(line)
            expect(world.back).toEqual([])
          }))
      }
    }
  })
}
