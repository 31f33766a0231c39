// T6: tasks that sleep. 100,000 are started, nine of ten are ended while they sleep, the rest wake within one second.
// Ending and waking are verified. An offset keeps all of them asleep until the last has been ended.
import { setTimeout as sleep } from 'node:timers/promises'
import { expectEqual, stopwatch } from './harness/measure.mjs'

const LIMIT = 'limit: setTimeout'

export const suite = {
  title: 'T6 timers: 100,000 sleeps over one second, 90 % of them ended early',
  cases: {
    sleeps: {
      ops: 100_000,
      figures: {
        wall: { title: 'spawn and sleep', unit: 'ns', cpu: 'cpu' },
        end: { title: 'end a sleeper', unit: 'ns', cpu: 'endCpu' },
        fire: { title: 'wake a sleeper, CPU time of the process', unit: 'ns' },
      },
    },
  },
  contenders: [
    { name: 'greenhouse', load: loadGreenhouse },
    { name: 'greenhouse, await', load: loadGreenhouseAwait },
    { name: LIMIT, load: () => nativeTimers },
    { name: 'async function, setTimeout', load: () => asyncFunctions },
    { name: 'timers/promises, AbortController', offsetMs: 12_000, load: () => abortControllers },
    { name: 'effect', offsetMs: 4000, load: loadEffect },
    // Hundreds of microseconds each.
    { name: 'effection', scale: 0.1, offsetMs: 6000, load: loadEffection },
  ],
  measure,
  limitThere: { 'sleeps/wall': 465, 'sleeps/end': 212 },
  goals: {
    'sleeps/wall': {
      greenhouse: '<= 2000',
      [LIMIT]: '<= 4.3x',
      'timers/promises, AbortController': '>= 9x',
      effect: '>= 3.5x',
    },
    'sleeps/end': {
      greenhouse: '<= 750',
      [LIMIT]: '<= 3.5x',
      'timers/promises, AbortController': '>= 20x',
      effect: '>= 3.3x',
    },
    'sleeps/fire': {
      [LIMIT]: '<= 1.05x',
      'timers/promises, AbortController': '>= 10x',
      effect: '>= 1.9x',
    },
  },
}

async function measure(make, ops, { contender: { offsetMs = 2000 } }) {
  await once(make, ops / 10, offsetMs / 4)
  globalThis.gc()
  return once(make, ops, offsetMs)
}

/** Counts; `all(count)` resolves when so many have woken. */
class Counts {
  woken = 0
  ended = 0
  wanted = Infinity
  reached = null

  wake() {
    if (++this.woken === this.wanted) this.reached()
  }

  all(count) {
    this.wanted = count
    return new Promise((resolve) => (this.reached = resolve))
  }
}

/** `make(counts)` gives `start(delays)` and `end(indices)`, which counts those that ended. */
async function once(make, ops, offsetMs) {
  const delays = randomDelays(ops, offsetMs)
  const toEnd = []
  for (let i = 0; i < ops; i++) if (i % 10 !== 0) toEnd.push(i)
  const remaining = ops - toEnd.length
  const counts = new Counts()
  const { start, end } = make(counts)

  const starting = stopwatch()
  await start(delays)
  const started = starting()
  const ending = stopwatch()
  await end(toEnd)
  const ended = ending()
  expectEqual('woken before all were ended', counts.woken, 0)
  expectEqual('ended', counts.ended, toEnd.length)
  // What was ended is garbage now, and nothing of the sleepers that remain.
  globalThis.gc()
  const firing = stopwatch()
  await counts.all(remaining)
  const fired = firing()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expectEqual('woken', counts.woken, remaining)
  return {
    wall: started.wallNs / ops,
    cpu: started.cpuNs / ops,
    end: ended.wallNs / toEnd.length,
    endCpu: ended.cpuNs / toEnd.length,
    fire: fired.cpuNs / remaining,
  }
}

/** The same in every process. */
function randomDelays(count, offsetMs) {
  let seed = 12345
  return Array.from({ length: count }, () => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return offsetMs + Math.floor((seed / 0x7fffffff) * 1000)
  })
}

async function loadGreenhouse() {
  const scheduler = await import('@greenhouse/scheduler')
  const { pauseFor } = scheduler
  return (counts) =>
    greenlets(scheduler, counts, function* (ms) {
      yield* pauseFor(ms)
      counts.wake()
    })
}

async function loadGreenhouseAwait() {
  const scheduler = await import('@greenhouse/scheduler')
  const { pauseFor } = scheduler
  return (counts) =>
    greenlets(scheduler, counts, async (ms) => {
      await pauseFor(ms)
      counts.wake()
    })
}

function greenlets({ end, pause, schedule }, counts, sleepFor) {
  const all = []
  return {
    async start(delays) {
      for (const ms of delays) all.push(schedule(sleepFor, ms))
      while (all.at(-1).blockedOn.length === 0) await pause()
    },
    async end(indices) {
      for (const i of indices) end(all[i])
      while (all[indices.at(-1)].error === undefined && counts.woken === 0) await pause()
      for (const i of indices) if (all[i].state === 'ended') counts.ended++
    },
  }
}

function nativeTimers(counts) {
  const timers = []
  const wake = () => counts.wake()
  return {
    start(delays) {
      for (const ms of delays) timers.push(setTimeout(wake, ms))
    },
    end(indices) {
      for (const i of indices) clearTimeout(timers[i])
      counts.ended = indices.length
    },
  }
}

const ENDED = new Error('Ended')

function asyncFunctions(counts) {
  const endings = []
  async function sleepFor(ms) {
    try {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms)
        endings.push(() => {
          clearTimeout(timer)
          reject(ENDED)
        })
      })
      counts.wake()
    } catch (error) {
      expectEqual('error', error, ENDED)
      counts.ended++
    }
  }
  return {
    start(delays) {
      for (const ms of delays) void sleepFor(ms)
    },
    async end(indices) {
      for (const i of indices) endings[i]()
      while (counts.ended + counts.woken < indices.length) await null
    },
  }
}

function abortControllers(counts) {
  const controllers = []
  async function sleepFor(ms, signal) {
    try {
      await sleep(ms, undefined, { signal })
      counts.wake()
    } catch (error) {
      expectEqual('error', error.name, 'AbortError')
      counts.ended++
    }
  }
  return {
    start(delays) {
      for (const ms of delays) {
        const controller = new AbortController()
        controllers.push(controller)
        void sleepFor(ms, controller.signal)
      }
    },
    async end(indices) {
      for (const i of indices) controllers[i].abort()
      while (counts.ended + counts.woken < indices.length) await null
    },
  }
}

async function loadEffect() {
  const { Effect, Exit, Fiber } = await import('effect')
  return (counts) => {
    let fibers
    return {
      async start(delays) {
        let started = 0
        const sleepFor = (ms) =>
          Effect.gen(function* () {
            started++
            yield* Effect.sleep(ms)
            counts.wake()
          })
        fibers = await Effect.runPromise(
          Effect.gen(function* () {
            const all = []
            for (const ms of delays) {
              all.push(yield* Effect.forkDetach(sleepFor(ms), { startImmediately: true }))
            }
            while (started < delays.length) yield* Effect.yieldNow
            return all
          }),
        )
      },
      async end(indices) {
        const ending = indices.map((i) => fibers[i])
        await Effect.runPromise(Fiber.interruptAll(ending))
        const exits = await Effect.runPromise(Fiber.awaitAll(ending))
        counts.ended = exits.filter((exit) => Exit.isFailure(exit)).length
      },
    }
  }
}

async function loadEffection() {
  const { run, sleep: sleepIn, spawn, suspend } = await import('effection')
  return (counts) => {
    const tasks = []
    return {
      async start(delays) {
        let started = 0
        function* sleepFor(ms) {
          let woken = false
          started++
          try {
            yield* sleepIn(ms)
            woken = true
            counts.wake()
          } finally {
            if (!woken) counts.ended++
          }
        }
        void run(function* () {
          for (const ms of delays) tasks.push(yield* spawn(() => sleepFor(ms)))
          yield* suspend()
        })
        while (started < delays.length) await new Promise(setImmediate)
      },
      end: (indices) => Promise.all(indices.map((i) => tasks[i].halt())),
    }
  }
}
