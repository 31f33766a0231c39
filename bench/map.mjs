// T5: a function over 100,000 items, a few at a time.
import { expectEqual, stopwatch } from './harness/measure.mjs'

const LIMIT = 'limit: worker loop'

const trivialGoals = {
  greenhouse: '<= 100',
  [LIMIT]: '<= 2.5x',
  'async.mapLimit': '>= 1.35x',
  'p-map': '>= 3.5x',
  'p-limit': '>= 15x',
  'p-queue': '>= 15x',
  'effect, native body': '<= 1x',
}
const delayedGoals = {
  [LIMIT]: '<= 1.25x',
  'async.mapLimit': '>= 1.15x',
  'p-map': '>= 1.9x',
  effect: '>= 2.3x',
}
const memoryGoals = {
  [LIMIT]: '<= 3x',
  'async.mapLimit': '<= 1x',
  'p-limit': '>= 12x',
  'p-queue': '>= 18x',
}

const figuresOf = (title) => ({
  wall: { title, unit: 'ns per item', cpu: 'cpu' },
  peak: { title: `${title}: growth of peak resident memory`, unit: 'MB' },
})

export const suite = {
  title: 'T5 map over 100,000 items',
  cases: {
    'trivial, 10 at a time': kind(false, 10),
    'trivial, 100 at a time': kind(false, 100),
    'delayed, 10 at a time': kind(true, 10),
    'delayed, 100 at a time': kind(true, 100),
  },
  contenders: [
    { name: 'greenhouse', load: loadGreenhouse },
    { name: 'greenhouse, generator body', load: loadGreenhouseGenerators },
    { name: LIMIT, load: loadWorkerLoop },
    { name: 'p-map', load: loadPMap },
    { name: 'p-limit', load: loadPLimit },
    { name: 'p-queue', load: loadPQueue },
    { name: 'fastq.promise', load: loadFastq },
    { name: 'async.mapLimit', load: loadAsync },
    { name: 'effect', load: loadEffect },
    { name: 'effect, native body', load: loadEffectNative },
    { name: 'effection', load: loadEffection },
  ],
  measure,
  limitThere: { 'trivial, 10 at a time/wall': 47.5, 'trivial, 100 at a time/wall': 37.5 },
  goals: {
    'trivial, 10 at a time/wall': trivialGoals,
    'trivial, 100 at a time/wall': trivialGoals,
    'delayed, 10 at a time/wall': delayedGoals,
    'delayed, 100 at a time/wall': delayedGoals,
    'trivial, 10 at a time/peak': memoryGoals,
    'trivial, 100 at a time/peak': memoryGoals,
  },
}

function kind(delayed, concurrency) {
  const title = `${delayed ? 'delayed' : 'trivial'}, ${concurrency} at a time`
  return { delayed, concurrency, ops: 100_000, figures: figuresOf(title) }
}

const jobs = { running: 0, most: 0 }

async function trivial(item) {
  return item + 1
}

function begin() {
  if (++jobs.running > jobs.most) jobs.most = jobs.running
}

/** Resolves in the next turn of the event loop. */
function delayed(item) {
  return new Promise((resolve) => {
    begin()
    setImmediate(() => {
      jobs.running--
      resolve(item + 1)
    })
  })
}

const bodyOf = (parameters) => (parameters.delayed ? delayed : trivial)

async function measure(run, ops, { concurrency, delayed: slow, repeats }) {
  const verify = (results) => {
    expectEqual('results', results.length, ops)
    for (let i = 0; i < results.length; i++) expectEqual(`result ${i}`, results[i], i + 1)
    if (slow) expectEqual('at a time', jobs.most, concurrency)
  }
  const items = Array.from({ length: ops }, (_, i) => i)
  await run(items.slice(0, ops / 10))
  globalThis.gc()
  jobs.most = 0
  const residentBefore = process.memoryUsage().rss
  const wall = []
  const cpu = []
  let peak = 0
  for (let repeat = 0; repeat < repeats; repeat++) {
    const time = stopwatch()
    const results = await run(items)
    const { wallNs, cpuNs } = time()
    // Only the first run starts from a small heap.
    if (repeat === 0) peak = process.resourceUsage().maxRSS * 1024 - residentBefore
    verify(results)
    wall.push(wallNs / ops)
    cpu.push(cpuNs / ops)
  }
  return { wall: Math.min(...wall), cpu: Math.min(...cpu), peak: Math.max(0, peak) / 1e6 }
}

async function loadGreenhouse(parameters) {
  const { map } = await import('@greenhouse/pool')
  const { concurrency } = parameters
  const body = bodyOf(parameters)
  return (items) => map(body, items, { concurrency }).toArray()
}

async function loadGreenhouseGenerators(parameters) {
  const { map } = await import('@greenhouse/pool')
  const { wait } = await import('@greenhouse/scheduler')
  const { concurrency } = parameters
  function* wait_(item) {
    return yield* wait(delayed(item))
  }
  function* add(item) {
    return item + 1
  }
  const body = parameters.delayed ? wait_ : add
  return (items) => map(body, items, { concurrency }).toArray()
}

function loadWorkerLoop(parameters) {
  const body = bodyOf(parameters)
  return async (items) => {
    const results = new Array(items.length)
    let next = 0
    async function work() {
      while (next < items.length) {
        const at = next++
        results[at] = await body(items[at])
      }
    }
    await Promise.all(Array.from({ length: parameters.concurrency }, work))
    return results
  }
}

async function loadPMap(parameters) {
  const { default: pMap } = await import('p-map')
  const { concurrency } = parameters
  const body = bodyOf(parameters)
  return (items) => pMap(items, body, { concurrency })
}

async function loadPLimit(parameters) {
  const { default: pLimit } = await import('p-limit')
  const body = bodyOf(parameters)
  return (items) => {
    const limit = pLimit(parameters.concurrency)
    return Promise.all(items.map((item) => limit(body, item)))
  }
}

async function loadPQueue(parameters) {
  const { default: PQueue } = await import('p-queue')
  const { concurrency } = parameters
  const body = bodyOf(parameters)
  return (items) => new PQueue({ concurrency }).addAll(items.map((item) => () => body(item)))
}

async function loadFastq(parameters) {
  const { default: fastq } = await import('fastq')
  const body = bodyOf(parameters)
  return (items) => {
    const queue = fastq.promise(body, parameters.concurrency)
    return Promise.all(items.map((item) => queue.push(item)))
  }
}

async function loadAsync(parameters) {
  const { default: async } = await import('async')
  const body = bodyOf(parameters)
  // It takes only what is written as an async function for one.
  const written = async (item) => body(item)
  return (items) => async.mapLimit(items, parameters.concurrency, written)
}

async function loadEffect(parameters) {
  const { Effect } = await import('effect')
  const { concurrency } = parameters
  const body = bodyOf(parameters)
  return (items) =>
    Effect.runPromise(
      Effect.forEach(items, (item) => Effect.promise(() => body(item)), { concurrency }),
    )
}

async function loadEffectNative(parameters) {
  const { Effect } = await import('effect')
  const { concurrency } = parameters
  const later = (item) =>
    Effect.callback((resume) => {
      begin()
      setImmediate(() => {
        jobs.running--
        resume(Effect.succeed(item + 1))
      })
    })
  const body = parameters.delayed ? later : (item) => Effect.sync(() => item + 1)
  return (items) => Effect.runPromise(Effect.forEach(items, body, { concurrency }))
}

async function loadEffection(parameters) {
  const { run, spawn, until } = await import('effection')
  const body = bodyOf(parameters)
  return (items) =>
    run(function* () {
      const results = new Array(items.length)
      let next = 0
      const workers = []
      for (let i = 0; i < parameters.concurrency; i++) {
        workers.push(
          yield* spawn(function* () {
            while (next < items.length) {
              const at = next++
              results[at] = yield* until(body(items[at]))
            }
          }),
        )
      }
      for (const worker of workers) yield* worker
      return results
    })
}
