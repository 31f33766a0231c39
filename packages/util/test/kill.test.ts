// The kill table of the primitives: a greenlet is cut short while it waits for one, and in the instant in which it is handed what
// it waits for, by a wait of its own or by one in a scope, a choice or a group. Who stands behind it then gets that; nothing is
// left. (The plain wait of one primitive, with its time-outs and aborts, is in the test of that primitive.)
import {
  all,
  end,
  first,
  Group,
  moveOnAfter,
  pauseFor,
  scheduleException,
  statistics,
  withTimeout,
  type Blocking,
  type Greenlet,
} from '@greenhouse/scheduler'
import {
  Barrier,
  BoundedSemaphore,
  Channel,
  Condition,
  Counter,
  Event,
  LifoQueue,
  Lock,
  PriorityQueue,
  Queue,
  RateLimiter,
  RLock,
  Semaphore,
  Thread,
} from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { KINDS, outcome, settled, waiter, type Kind } from './flows.ts'

interface Thing {
  wait(): Blocking<unknown>
  /** Makes the first waiter get what it waits for, where `toAll`: all of them. */
  handOver(): void
  waiting(): number
  readonly gives: unknown
  readonly toAll?: boolean
}

const lockThing = (
  lock: Lock | RLock | Condition,
  wait: () => Blocking<unknown>,
  gives: unknown,
): Thing => {
  void lock.tryAcquire()
  return { wait, handOver: () => lock.release(), waiting: () => waitingFor(lock), gives }
}
const waitingFor = (lock: Lock | RLock | Condition): number =>
  'lock' in lock ? lock.lock.waiters.size : lock.waiters.size

const queueThing = (queue: Queue<string>): Thing => ({
  wait: () => queue.get(),
  handOver: () => void queue.tryPut('item'),
  waiting: () => queue.statistics().getters,
  gives: 'item',
})
const putThing = (queue: Queue<string> | Channel<string>, wait: () => Blocking<unknown>): Thing => {
  queue.tryPut('first')
  return {
    wait,
    handOver: () => void queue.tryGet(),
    waiting: () => queue.statistics().putters,
    gives: undefined,
    // What a putter gets costs nothing: its item has gone.
    toAll: true,
  }
}
const semaphoreThing = (semaphore: Semaphore): Thing => ({
  wait: () => semaphore.acquire(),
  handOver: () => semaphore.release(),
  waiting: () => semaphore.statistics().waiting,
  gives: true,
})

const THINGS: Record<string, () => Thing> = {
  'Lock.acquire': () => {
    const lock = new Lock()
    return lockThing(lock, () => lock.acquire(), true)
  },
  'Lock.hold': () => {
    const lock = new Lock()
    return lockThing(lock, () => lock.hold(), expect.anything())
  },
  'Lock.run': () => {
    const lock = new Lock()
    return lockThing(lock, () => lock.run(() => 'ran'), 'ran')
  },
  'RLock.acquire': () => {
    const lock = new RLock()
    return lockThing(lock, () => lock.acquire(), true)
  },
  'RLock.run': () => {
    const lock = new RLock()
    return lockThing(lock, () => lock.run(() => 'ran'), 'ran')
  },
  'Condition.acquire': () => {
    const cond = new Condition()
    return lockThing(cond, () => cond.acquire(), true)
  },
  'Condition.wait': () => {
    const cond = new Condition()
    return {
      wait: () => cond.run(() => cond.wait()),
      handOver() {
        expect(cond.tryAcquire()).toBe(true)
        cond.notify()
        cond.release()
      },
      waiting: () => cond.statistics().waiting,
      gives: true,
    }
  },
  'Semaphore.acquire': () => semaphoreThing(new Semaphore(0)),
  'BoundedSemaphore.acquire': () => {
    const semaphore = new BoundedSemaphore(1)
    semaphore.tryAcquire()
    return semaphoreThing(semaphore)
  },
  'Semaphore.run': () => {
    const semaphore = new Semaphore(0)
    return { ...semaphoreThing(semaphore), wait: () => semaphore.run(() => 'ran'), gives: 'ran' }
  },
  'Event.wait': () => {
    const event = new Event()
    return {
      wait: () => event.wait(),
      handOver: () => event.set(),
      waiting: () => event.statistics().waiting,
      gives: true,
      toAll: true,
    }
  },
  'Counter.wait': () => {
    const counter = new Counter(1)
    return {
      wait: () => counter.wait(),
      handOver: () => counter.decrement(counter.count),
      waiting: () => counter.statistics().waiting,
      gives: true,
      toAll: true,
    }
  },
  'Barrier.wait': () => {
    const barrier = new Barrier(3)
    return {
      wait: () => barrier.wait(),
      handOver() {
        for (let left = 3 - barrier.waiting; left > 0; left--) void barrier.wait()
      },
      waiting: () => barrier.statistics().waiting,
      gives: true,
      toAll: true,
    }
  },
  'Queue.get': () => queueThing(new Queue()),
  'LifoQueue.get': () => queueThing(new LifoQueue()),
  'PriorityQueue.get': () => queueThing(new PriorityQueue()),
  'Queue.getMany': () => {
    const queue = new Queue<string>()
    return { ...queueThing(queue), wait: () => queue.getMany(3), gives: ['item'] }
  },
  'Queue.next': () => {
    const queue = new Queue<string>()
    return {
      ...queueThing(queue),
      wait: () => queue.next(),
      gives: { done: false, value: 'item' },
    }
  },
  'Queue.put': () => {
    const queue = new Queue<string>(1)
    return putThing(queue, () => queue.put('item'))
  },
  'Queue.join': () => {
    const queue = new Queue<string>()
    queue.tryPut('first')
    return {
      wait: () => queue.join(),
      handOver() {
        if (queue.statistics().unfinished > 0) queue.taskDone()
      },
      waiting: () => queue.joiners.size,
      gives: true,
      toAll: true,
    }
  },
  'Channel.get': () => {
    const channel = new Channel<string>()
    return {
      wait: () => channel.get(),
      handOver() {
        if (!channel.tryPut('item')) void channel.put('item')
      },
      waiting: () => channel.statistics().getters,
      gives: 'item',
    }
  },
  'Channel.select': () => {
    const [idle, full, channel] = [1, 2, 3].map(() => new Channel<string>()) as ThreeChannels
    return {
      wait: () => Channel.select([idle, channel, [full, 'put']]),
      handOver() {
        if (!channel.tryPut('item')) void channel.put('item')
      },
      waiting: () => channel.statistics().getters,
      gives: { index: 1, channel, item: 'item' },
    }
  },
  'RateLimiter.acquire': () => {
    const limiter = new RateLimiter(2, 1e9)
    limiter.tryAcquire(2)
    return {
      wait: () => limiter.acquire(2),
      handOver: () => limiter.bucket.refund(2),
      waiting: () => limiter.statistics().waiting,
      gives: true,
    }
  },
  'Thread.join': () => {
    const over = new Event()
    const thread = new Thread(() => over.wait())
    thread.start()
    return {
      wait: () => thread.join(),
      handOver: () => over.set(),
      waiting: () => thread.joiners.size,
      gives: true,
      toAll: true,
    }
  },
}

type ThreeChannels = [Channel<string>, Channel<string>, Channel<string>]
type Op = () => Blocking<unknown>

function bodyOf(kind: Kind, op: Op): () => Promise<unknown> {
  const body =
    kind === 'async'
      ? async () => await op()
      : function* () {
          return yield* op()
        }
  return body as () => Promise<unknown>
}

/** What the wait stands in. */
const AROUND: Record<string, (kind: Kind, op: Op) => Op> = {
  nothing: (_kind, op) => op,
  'a scope': (kind, op) => () => withTimeout(60_000, bodyOf(kind, op)),
  'a scope in a scope': (kind, op) => () =>
    withTimeout(
      60_000,
      bodyOf(kind, () => moveOnAfter(60_000, bodyOf(kind, op))),
    ),
  'a choice': (_kind, op) => () => first<unknown>([() => pauseFor(60_000), op]),
  'a choice of scopes': (kind, op) => () =>
    first<unknown>([() => pauseFor(60_000), () => withTimeout(60_000, bodyOf(kind, op))]),
  'several waits': (_kind, op) => () => all<unknown>([op, () => pauseFor(60_000)]),
  'the body of a group': (kind, op) => () => Group.run(bodyOf(kind, op)),
  'a child of a group': (kind, op) => () =>
    Group.run((group) => {
      group.schedule(bodyOf(kind, op))
    }),
}

const CUTS: Record<string, { cut: (victim: Greenlet) => void; gives: string }> = {
  'its end': { cut: (victim) => end(victim), gives: 'GH_EXIT' },
  'an exception': {
    cut: (victim) => scheduleException(new Error('cut'), victim),
    gives: 'cut',
  },
}

const figures = () => {
  const { greenlets, ready, timers } = statistics()
  return { greenlets, ready, timers }
}

for (const [name, make] of Object.entries(THINGS)) {
  describe(`C3 ${name}`, () => {
    for (const kind of KINDS) {
      for (const [where, around] of Object.entries(AROUND)) {
        for (const [how, { cut, gives }] of Object.entries(CUTS)) {
          const what = `in ${where} (${kind}) that is cut short by ${how}`

          it(`${what} leaves the list`, async () => {
            const before = figures()
            const thing = make()
            await settled()
            const victim = waiter(
              kind,
              around(kind, () => thing.wait()),
            )
            await settled()
            const other = waiter(kind, () => thing.wait())
            await settled()
            expect(thing.waiting()).toBe(2)
            cut(victim)
            expect(thing.waiting()).toBe(1)
            expect(await outcome(victim)).toBe(gives)
            await settled()
            thing.handOver()
            expect(await outcome(other)).toEqual(thing.gives)
            await settled()
            expect(thing.waiting()).toBe(0)
            expect(figures()).toEqual(before)
          })

          it(`${what} in the instant of hand-over passes on what it was handed`, async () => {
            const before = figures()
            const thing = make()
            await settled()
            const victim = waiter(
              kind,
              around(kind, () => thing.wait()),
            )
            await settled()
            const other = waiter(kind, () => thing.wait())
            await settled()
            thing.handOver()
            cut(victim)
            const got = await outcome(victim)
            // What costs nothing to hand over may be kept, to be cut short at the next wait.
            expect([gives, ...(thing.toAll === true ? [thing.gives] : [])]).toContainEqual(got)
            if (name.endsWith('.put')) thing.handOver()
            expect(await outcome(other)).toEqual(thing.gives)
            await settled()
            expect(thing.waiting()).toBe(0)
            expect(figures()).toEqual(before)
          })
        }
      }
    }
  })
}
