// A long life: many greenlets of both kinds wait for everything there is, and are ended, thrown into, timed out and aborted all the
// time. The heap stays where it was, and in the end nothing is held and nobody waits.
//
// GREENHOUSE_LONG=1 makes it 10 million waits; GREENHOUSE_SEED=n replays another run.
import {
  end,
  first,
  pause,
  pauseFor,
  schedule,
  scheduleException,
  shield,
  statistics,
  wait,
  withTimeout,
  type Greenlet,
  type WaitOptions,
} from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import {
  Channel,
  Condition,
  Counter,
  Event,
  Lock,
  Queue,
  RateLimiter,
  RLock,
  Semaphore,
} from '@greenhouse/util'
import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { inAsync, inSteps, type Script } from './flows.ts'

const WAITS = process.env['GREENHOUSE_LONG'] === '1' ? 10_000_000 : 200_000
const SEED = Number(process.env['GREENHOUSE_SEED'] ?? 1)
const GREENLETS = 300
const CHECKPOINTS = 10
const MIB = 1024 * 1024
/** How a wait may end by itself, or by what the driver does. */
const EXPECTED = ['GH_TIMEOUT', 'GH_FULL', 'GH_EMPTY', 'GH_CANCELLED']

class World {
  readonly lock = new Lock()
  readonly rlock = new RLock()
  readonly semaphore = new Semaphore(3)
  readonly condition = new Condition()
  readonly event = new Event()
  readonly counter = new Counter()
  readonly queue = new Queue<number>(5)
  readonly channel = new Channel<number>()
  readonly limiter = new RateLimiter(50, 10)
  readonly never = new Promise<never>(() => {})
  readonly lasting = new AbortController()
  aborter = new AbortController()
  forever!: Greenlet
  waits = 0
  seed = SEED

  /** A whole number below `limit`. */
  random(limit: number): number {
    // mulberry32
    let t = (this.seed = (this.seed + 0x6d2b79f5) | 0)
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % limit
  }

  options(): WaitOptions | undefined {
    const timeoutMs = this.random(6)
    switch (this.random(5)) {
      case 0:
        return { timeoutMs }
      case 1:
        return { signal: this.aborter.signal }
      case 2:
        return { signal: this.lasting.signal, timeoutMs }
    }
    return undefined
  }

  figures(): object {
    const { greenlets, ready, timers } = statistics()
    return {
      of: [greenlets, ready, timers],
      listeners: getEventListeners(this.lasting.signal, 'abort').length,
      locks: [this.lock, this.rlock, this.condition].map((one) => one.statistics()),
      others: [this.semaphore, this.event, this.channel].map((one) => one.statistics()),
      queue: [this.queue.statistics().getters, this.queue.statistics().putters],
    }
  }
}

function* user(world: World): Script {
  for (;;) {
    try {
      yield* use(world)
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      if (message !== 'aborted' && !EXPECTED.includes(code ?? '')) throw error
    }
    world.waits++
  }
}

function* use(world: World): Script {
  const { channel, condition, counter, event, limiter, lock, queue, rlock, semaphore } = world
  const options = world.options()
  switch (world.random(24)) {
    case 0:
      return yield* holding(lock, options)
    case 1:
      return yield* holding(rlock, options)
    case 2:
      return void (yield () => semaphore.run(() => pauseFor(1), options))
    case 3:
      return void (yield () => event.wait(options))
    case 4:
      return void (yield () => queue.put(1, options))
    case 5:
      return void (yield () => queue.get(options))
    case 6:
      return void (yield () => channel.put(1, options))
    case 7:
      return void (yield () => Channel.select([channel, queue], options))
    case 8:
      return void (yield () => condition.run(() => condition.wait(options)))
    case 9:
      return void (yield () => counter.wait(1, options))
    case 10:
      return void (yield () => limiter.acquire(1, options))
    case 11:
      return void (yield () => first([() => world.forever.join(), () => pauseFor(3)], options))
    case 12:
      return void (yield () => withTimeout(world.random(4), () => wait(world.never, options)))
    case 13:
      return void (yield () => shield(() => pauseFor(world.random(3))))
    default:
      // The most frequent waits, many of which time out.
      return void (yield () => event.wait({ timeoutMs: world.random(2), ...options }))
  }
}

function* holding(lock: Lock | RLock, options: WaitOptions | undefined): Script {
  if (!((yield () => lock.acquire(options)) as boolean)) return
  try {
    yield () => pause()
  } finally {
    lock.release()
  }
}

const { stackTraceLimit } = Error
beforeEach(() => {
  // Stack traces would be half of the cost.
  Error.stackTraceLimit = 0
})
afterEach(() => {
  Error.stackTraceLimit = stackTraceLimit
})

it(`${WAITS} waits with random cancels leave the heap flat`, { timeout: 3_600_000 }, async () => {
  await withVirtualClock(
    async (clock) => {
      const world = new World()
      world.forever = schedule(() => pauseFor(Infinity))
      await pause()
      const before = world.figures()
      const greenlets: Greenlet[] = []
      const heaps: number[] = []
      let uncaught: unknown
      const gone: number[] = []
      const spawn = (at: number) => {
        const script = () => user(world)
        const one = at % 2 === 0 ? schedule(inSteps, script) : schedule(inAsync, script)
        greenlets[at] = one
        one.join().catch((error: { code?: string; message: string }) => {
          gone.push(at)
          if (error.code !== 'GH_EXIT' && error.message !== 'trouble') uncaught ??= error
        })
      }
      for (let at = 0; at < GREENLETS; at++) spawn(at)
      for (let checkpoint = 1; checkpoint <= CHECKPOINTS; checkpoint++) {
        while (world.waits < (WAITS * checkpoint) / CHECKPOINTS) {
          await clock.advance(1)
          for (let troubles = world.random(20); troubles > 0; troubles--) trouble(world, greenlets)
          if (uncaught !== undefined) throw uncaught
          gone.splice(0).forEach(spawn)
        }
        heaps.push(await heapUsed())
      }
      for (let i = 0; i < 3; i++) {
        for (const one of greenlets) end(one)
        await clock.advance(1001)
      }
      if (uncaught !== undefined) throw uncaught
      expect(world.figures()).toEqual(before)
      const [warm, ...later] = heaps.slice(CHECKPOINTS / 5)
      expect(Math.min(...later.slice(-3)) - warm!).toBeLessThan(MIB)
      end(world.forever)
    },
    { autojump: false },
  )
})

function trouble(world: World, greenlets: readonly Greenlet[]): void {
  const victim = greenlets[world.random(GREENLETS)]!
  switch (world.random(9)) {
    case 0:
    case 1:
    case 2:
      return end(victim)
    case 3:
    case 4:
      if (victim.state === 'blocked') scheduleException(new Error('trouble'), victim)
      return
    case 5:
      world.aborter.abort(new Error('aborted'))
      world.aborter = new AbortController()
      return
    case 6:
      world.event.set()
      return world.event.clear()
    case 7:
      world.counter.increment()
      return world.counter.decrement()
    default:
      if (!world.condition.tryAcquire()) return
      world.condition.notify(2)
      world.condition.release()
  }
}

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc!()
  }
  return process.memoryUsage().heapUsed
}
