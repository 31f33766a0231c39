// Waits that time out, are ended or aborted leave nothing: no list entry, no timer, no listener, no memory. A first batch warms
// up what stays by design; the second must cost next to nothing.
import { getEventListeners } from 'node:events'
import {
  end,
  pause,
  schedule,
  statistics,
  type Blocking,
  type Greenlet,
  type WaitOptions,
} from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import {
  Barrier,
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
import { describe, expect, it } from 'vitest'

const LONG = process.env['GREENHOUSE_LONG'] === '1'
const WAITS = LONG ? 100_000 : 10_000
/** Of what runs in scopes of its own, which cost more, and would leave more. */
const FEWER_WAITS = LONG ? WAITS : 4000
const AT_ONCE = 1000
const MIB = 1024 * 1024

interface Subject {
  wait(options?: WaitOptions): Blocking<unknown>
  figures(): object
}

const taken = <L extends { tryAcquire(): boolean }>(lock: L) => {
  void schedule(() => lock.tryAcquire())
  return lock
}

const SUBJECTS: Record<string, () => Subject> = {
  Event: () => from(new Event(), (event, options) => event.wait(options)),
  Lock: () => from(taken(new Lock()), (lock, options) => lock.acquire(options)),
  RLock: () => from(taken(new RLock()), (lock, options) => lock.acquire(options)),
  Semaphore: () => from(new Semaphore(0), (semaphore, options) => semaphore.acquire(options)),
  'Condition.wait': () =>
    from(new Condition(), (cond, options) => cond.run(() => cond.wait(options))),
  Counter: () => from(new Counter(1), (counter, options) => counter.wait(0, options)),
  Barrier: () => from(new Barrier(WAITS), (barrier, options) => barrier.wait(options)),
  'Queue.get': () => from(new Queue(), (queue, options) => queue.get(options)),
  'Queue.putMany': () => {
    const queue = new Queue<number>(1)
    queue.tryPut(0)
    return from(queue, (full, options) => full.putMany([1, 2], options))
  },
  'Channel.select': () =>
    from(new Channel<number>(), (channel, options) =>
      Channel.select([channel, [channel, 1]], options),
    ),
  RateLimiter: () => {
    const limiter = new RateLimiter(1, 1e9)
    limiter.tryAcquire()
    return from(limiter, (empty, options) => empty.acquire(1, options))
  },
  'Lock.run': () => from(taken(new Lock()), (lock, options) => lock.run(() => 1, options)),
}

function from<P extends { statistics(): object }>(
  primitive: P,
  wait: (primitive: P, options?: WaitOptions) => Blocking<unknown>,
): Subject {
  return { wait: (options) => wait(primitive, options), figures: () => primitive.statistics() }
}

function* waitInSteps(subject: Subject, options: WaitOptions | undefined) {
  try {
    yield* subject.wait(options)
  } catch {}
}

async function waitInAsync(subject: Subject, options: WaitOptions | undefined): Promise<void> {
  try {
    await subject.wait(options)
  } catch {}
}

describe('leaks', () => {
  for (const [name, make] of Object.entries(SUBJECTS)) {
    const waits = name === 'Condition.wait' || name === 'Lock.run' ? FEWER_WAITS : WAITS
    it(
      `of ${name}: none after ${waits} waits that are cut short`,
      { timeout: 300_000 },
      async () => {
        await withVirtualClock(
          async (clock) => {
            const subject = make()
            await pause()
            const before = [subject.figures(), timersAndGreenlets()]
            const aborter = new AbortController()
            const batch = async () => {
              for (let done = 0; done < waits; done += AT_ONCE) {
                const greenlets: Greenlet[] = []
                for (let i = 0; i < AT_ONCE; i++) {
                  const options =
                    i % 3 === 0
                      ? { timeoutMs: (i % 7) + 1 }
                      : i % 3 === 1
                        ? { signal: aborter.signal }
                        : undefined
                  greenlets.push(
                    i % 2 === 0
                      ? schedule(waitInSteps, subject, options)
                      : schedule(waitInAsync, subject, options),
                  )
                }
                await clock.advance(10)
                for (const greenlet of greenlets) end(greenlet)
                await clock.advance(0)
              }
            }
            await batch()
            const first = await heapUsed()
            await batch()
            const grown = (await heapUsed()) - first
            expect([subject.figures(), timersAndGreenlets()]).toEqual(before)
            expect(getEventListeners(aborter.signal, 'abort').length).toBe(0)
            expect(grown).toBeLessThan(MIB)
          },
          { autojump: false },
        )
      },
    )
  }
})

function timersAndGreenlets(): object {
  const { timers, greenlets, ready } = statistics()
  return { timers, greenlets, ready }
}

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc!()
  }
  return process.memoryUsage().heapUsed
}
