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
    { name: 'timers/promises, AbortController', offsetMs: 6000, load: () => abortControllers },
    { name: 'effect', offsetMs: 2000, load: loadEffect },
    // Hundreds of microseconds each.
    { name: 'effection', scale: 0.1, offsetMs: 2000, load: loadEffection },
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

async function measure(make, ops, { offsetMs = 500 }) {
  await once(make, ops / 10, offsetMs / 4)
  globalThis.gc()
  return once(make, ops, offsetMs)
}

/**
 * `make` gives the three phases: `start(delays)`, `end(indices)` and `finish(count)`, which resolves when so many have woken;
 * and `counts()`.
 */
async function once(make, ops, offsetMs) {
  const delays = randomDelays(ops, offsetMs)
  const toEnd = []
  for (let i = 0; i < ops; i++) if (i % 10 !== 0) toEnd.push(i)
  const woken = ops - toEnd.length
  const phases = make()

  const starting = stopwatch()
  await phases.start(delays)
  const started = starting()
  const ending = stopwatch()
  await phases.end(toEnd)
  const ended = ending()
  expectEqual('woken before all were ended', phases.counts().woken, 0)
  expectEqual('ended', phases.counts().ended ?? toEnd.length, toEnd.length)
  const firing = stopwatch()
  await phases.finish(woken)
  const fired = firing()
  expectEqual('woken', phases.counts().woken, woken)
  return {
    wall: started.wallNs / ops,
    cpu: started.cpuNs / ops,
    end: ended.wallNs / toEnd.length,
    endCpu: ended.cpuNs / toEnd.length,
    fire: fired.cpuNs / woken,
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
  const { end, pause, pauseFor, schedule } = await import('@greenhouse/scheduler')
  return () => {
    const greenlets = []
    const counts = { woken: 0, ended: 0 }
    function* sleepFor(ms) {
      try {
        yield* pauseFor(ms)
        counts.woken++
      } catch (error) {
        counts.ended++
        throw error
      }
    }
    return greenletPhases({ counts, end, greenlets, pause, schedule, sleepFor })
  }
}

async function loadGreenhouseAwait() {
  const { end, pause, pauseFor, schedule } = await import('@greenhouse/scheduler')
  return () => {
    const greenlets = []
    const counts = { woken: 0, ended: 0 }
    async function sleepFor(ms) {
      try {
        await pauseFor(ms)
        counts.woken++
      } catch (error) {
        counts.ended++
        throw error
      }
    }
    return greenletPhases({ counts, end, greenlets, pause, schedule, sleepFor })
  }
}

function greenletPhases({ counts, end, greenlets, pause, schedule, sleepFor }) {
  return {
    async start(delays) {
      for (const ms of delays) greenlets.push(schedule(sleepFor, ms))
      while (greenlets.at(-1).blockedOn.length === 0) await pause()
    },
    async end(indices) {
      for (const i of indices) end(greenlets[i])
      while (counts.ended < indices.length) await pause()
    },
    async finish(count) {
      for (const greenlet of greenlets) if (greenlet.state !== 'ended') await greenlet.join()
      expectEqual('joined', counts.woken, count)
    },
    counts: () => counts,
  }
}

function nativeTimers() {
  const timers = []
  let woken = 0
  let wanted
  let finished
  return {
    start(delays) {
      const wake = () => {
        if (++woken === wanted) finished()
      }
      for (const ms of delays) timers.push(setTimeout(wake, ms))
    },
    end(indices) {
      for (const i of indices) clearTimeout(timers[i])
    },
    finish(count) {
      wanted = count
      return new Promise((resolve) => (finished = resolve))
    },
    counts: () => ({ woken }),
  }
}

const ENDED = new Error('Ended')

function asyncFunctions() {
  const promises = []
  const endings = []
  const counts = { woken: 0, ended: 0 }
  async function sleepFor(ms) {
    try {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms)
        endings.push(() => {
          clearTimeout(timer)
          reject(ENDED)
        })
      })
      counts.woken++
    } catch (error) {
      expectEqual('error', error, ENDED)
      counts.ended++
    }
  }
  return {
    start(delays) {
      for (const ms of delays) promises.push(sleepFor(ms))
    },
    async end(indices) {
      for (const i of indices) endings[i]()
      while (counts.ended < indices.length) await null
    },
    finish: () => Promise.all(promises),
    counts: () => counts,
  }
}

function abortControllers() {
  const promises = []
  const controllers = []
  const counts = { woken: 0, ended: 0 }
  async function sleepFor(ms, signal) {
    try {
      await sleep(ms, undefined, { signal })
      counts.woken++
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
        promises.push(sleepFor(ms, controller.signal))
      }
    },
    async end(indices) {
      for (const i of indices) controllers[i].abort()
      while (counts.ended < indices.length) await null
    },
    finish: () => Promise.all(promises),
    counts: () => counts,
  }
}

async function loadEffect() {
  const { Effect, Fiber } = await import('effect')
  return () => {
    let fibers
    const counts = { woken: 0, ended: 0 }
    return {
      async start(delays) {
        let started = 0
        const sleepFor = (ms) =>
          Effect.gen(function* () {
            started++
            yield* Effect.sleep(ms)
            counts.woken++
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
        counts.ended = ending.filter((fiber) => fiber.pollUnsafe()?._tag === 'Failure').length
      },
      finish: () => Effect.runPromise(Fiber.awaitAll(fibers)),
      counts: () => counts,
    }
  }
}

async function loadEffection() {
  const { run, sleep: sleepIn, spawn, suspend } = await import('effection')
  return () => {
    const tasks = []
    const counts = { woken: 0, ended: 0 }
    let root
    return {
      async start(delays) {
        let started = 0
        function* sleepFor(ms) {
          let woken = false
          started++
          try {
            yield* sleepIn(ms)
            woken = true
            counts.woken++
          } finally {
            if (!woken) counts.ended++
          }
        }
        root = run(function* () {
          for (const ms of delays) tasks.push(yield* spawn(() => sleepFor(ms)))
          yield* suspend()
        })
        while (started < delays.length) await new Promise(setImmediate)
      },
      end: (indices) => Promise.all(indices.map((i) => tasks[i].halt())),
      async finish(count) {
        while (counts.woken < count) await sleep(5)
        await root.halt()
      },
      counts: () => counts,
    }
  }
}
