// T2: starting greenlets and joining them, and what a parked one costs.
import { expectEqual, settledMemory, stopwatch, timed } from './harness/measure.mjs'

const TASK_OBJECT = 'limit: generators with a task object'

export const suite = {
  title: 'T2 spawn',
  unit: 'ns per greenlet',
  cases: {
    'spawn + join, one function': { ops: 100_000 },
    'spawn + join, a closure each': { ops: 100_000, closures: true },
    parked: {
      ops: 1_000_000,
      parked: true,
      figures: {
        heap: { title: 'heap of a parked greenlet, 1,000,000 of them', unit: 'B' },
        rss: { title: 'resident memory of a parked greenlet', unit: 'B' },
        spawn: { title: 'spawn and park, 1,000,000 of them', unit: 'ns' },
        wall: { title: 'wake + join, 1,000,000 of them', unit: 'ns', cpu: 'cpu' },
      },
    },
  },
  contenders: [
    { name: 'greenhouse', load: ofKind(generatorGreenlets, '@greenhouse/scheduler') },
    { name: 'greenhouse, await', load: ofKind(asyncGreenlets) },
    { name: TASK_OBJECT, load: ofKind(taskObjects) },
    { name: 'shape', load: ofKind(generatorGreenlets, './harness/shape.mjs') },
    { name: 'async functions', load: ofKind(asyncFunctions) },
    { name: 'effect, generator body', load: ofKind(effectGenerators) },
    {
      name: 'effect, sync body',
      cases: ['spawn + join, one function'],
      load: ofKind(effectSync),
    },
    { name: 'effection', scale: 0.02, load: ofKind(effection) },
  ],
  measure: (run, ops, options) =>
    options.parked === true ? measureParked(run, ops) : measureJoin(run, ops, options),
  limitThere: {
    'spawn + join, one function': 321,
    'spawn + join, a closure each': { case: 'spawn + join, one function', ns: 321 },
  },
  goals: {
    'spawn + join, one function': {
      greenhouse: '<= 500',
      [TASK_OBJECT]: '<= 2x',
      shape: '<= 1.25x',
      'effect, generator body': '>= 3x',
      'effect, sync body': '>= 1.35x',
    },
    'spawn + join, a closure each': { greenhouse: '<= 1300', shape: '<= 1.25x' },
    'parked/heap': {
      greenhouse: '<= 320',
      [TASK_OBJECT]: '<= 2x',
      shape: '<= 1.25x',
      'async functions': '<= 1x',
      'effect, generator body': '<= 0.48x',
    },
    'parked/rss': { greenhouse: '<= 500' },
    'parked/wall': {
      [TASK_OBJECT]: '<= 3x',
      shape: '<= 1.25x',
      'effect, generator body': '>= 2x',
    },
  },
}

function measureJoin(run, ops, options) {
  return timed(run, ops, {
    ...options,
    verify: (sum, n) => expectEqual('sum', sum, (n * (n - 1)) / 2),
  })
}

/** `park` gives a function that wakes all and gives how many went on. */
async function measureParked(park, ops) {
  const few = await park(1000)
  expectEqual('woken', await few(), 1000)
  const before = await settledMemory()
  const spawning = stopwatch()
  const wake = await park(ops)
  const { wallNs: spawnNs } = spawning()
  const after = await settledMemory()
  const waking = stopwatch()
  expectEqual('woken', await wake(), ops)
  const { wallNs, cpuNs } = waking()
  return {
    heap: (after.heap - before.heap) / ops,
    rss: (after.rss - before.rss) / ops,
    spawn: spawnNs / ops,
    wall: wallNs / ops,
    cpu: cpuNs / ops,
  }
}

/** Makes `load` from a maker of the three runs. */
function ofKind(make, module) {
  return async ({ parked, closures }) => {
    const runs = await make(module)
    if (parked === true) return runs.park
    return closures === true ? runs.closures : runs.join
  }
}

async function generatorGreenlets(module) {
  const { schedule } = await import(module)
  const { Event } = module.startsWith('.') ? await import(module) : await import('@greenhouse/util')
  function* give(i) {
    return i
  }
  function* sumOf(greenlets) {
    let sum = 0
    for (const greenlet of greenlets) sum += yield* greenlet.join()
    return sum
  }
  let woken = 0
  function* waitFor(event) {
    yield* event.wait()
    woken++
    return 0
  }
  return {
    join(n) {
      const greenlets = []
      for (let i = 0; i < n; i++) greenlets.push(schedule(give, i))
      return schedule(sumOf, greenlets).join()
    },
    closures(n) {
      const greenlets = []
      for (let i = 0; i < n; i++) {
        greenlets.push(
          schedule(function* () {
            return i
          }),
        )
      }
      return schedule(sumOf, greenlets).join()
    },
    async park(n) {
      const event = new Event()
      const greenlets = []
      for (let i = 0; i < n; i++) greenlets.push(schedule(waitFor, event))
      await schedule(give).join()
      return async () => {
        woken = 0
        event.set()
        await schedule(sumOf, greenlets).join()
        return woken
      }
    },
  }
}

async function asyncGreenlets() {
  const { schedule } = await import('@greenhouse/scheduler')
  const { Event } = await import('@greenhouse/util')
  async function give(i) {
    return i
  }
  async function sumOf(greenlets) {
    let sum = 0
    for (const greenlet of greenlets) sum += await greenlet.join()
    return sum
  }
  let woken = 0
  async function waitFor(event) {
    await event.wait()
    woken++
    return 0
  }
  return {
    join(n) {
      const greenlets = []
      for (let i = 0; i < n; i++) greenlets.push(schedule(give, i))
      return sumOf(greenlets)
    },
    closures(n) {
      const greenlets = []
      for (let i = 0; i < n; i++) greenlets.push(schedule(async () => i))
      return sumOf(greenlets)
    },
    async park(n) {
      const event = new Event()
      const greenlets = []
      for (let i = 0; i < n; i++) greenlets.push(schedule(waitFor, event))
      await schedule(give).join()
      return async () => {
        woken = 0
        event.set()
        await sumOf(greenlets)
        return woken
      }
    },
  }
}

function taskObjects() {
  class Task {
    constructor(generator) {
      this.generator = generator
      this.done = false
      this.value = undefined
      this.waiters = null
      this.parent = null
      this.context = null
      this.next = null
      this.wake = null
    }
  }
  function* give(i) {
    return i
  }
  function runAll(tasks) {
    let sum = 0
    for (const task of tasks) {
      const { done, value } = task.generator.next()
      task.done = done
      task.value = value
    }
    for (const task of tasks) sum += task.value
    return sum
  }
  let woken = 0
  function* waitOnce() {
    yield
    woken++
    return 0
  }
  return {
    join(n) {
      const tasks = []
      for (let i = 0; i < n; i++) tasks.push(new Task(give(i)))
      return runAll(tasks)
    },
    closures(n) {
      const tasks = []
      for (let i = 0; i < n; i++) {
        tasks.push(
          new Task(
            (function* () {
              return i
            })(),
          ),
        )
      }
      return runAll(tasks)
    },
    park(n) {
      const tasks = []
      for (let i = 0; i < n; i++) tasks.push(new Task(waitOnce()))
      for (const task of tasks) task.generator.next()
      return () => {
        woken = 0
        runAll(tasks)
        return woken
      }
    },
  }
}

function asyncFunctions() {
  async function give(i) {
    return i
  }
  async function sumOf(promises) {
    let sum = 0
    for (const value of await Promise.all(promises)) sum += value
    return sum
  }
  let woken = 0
  let resolvers
  const keep = (resolve) => resolvers.push(resolve)
  async function waitOnce() {
    await new Promise(keep)
    woken++
    return 0
  }
  return {
    join(n) {
      const promises = []
      for (let i = 0; i < n; i++) promises.push(give(i))
      return sumOf(promises)
    },
    closures(n) {
      const promises = []
      for (let i = 0; i < n; i++) promises.push((async () => i)())
      return sumOf(promises)
    },
    park(n) {
      resolvers = []
      const promises = []
      for (let i = 0; i < n; i++) promises.push(waitOnce())
      return async () => {
        woken = 0
        for (const resolve of resolvers) resolve()
        await sumOf(promises)
        return woken
      }
    },
  }
}

async function effectGenerators() {
  const { Effect, Fiber } = await import('effect')
  function join(n) {
    const program = Effect.gen(function* () {
      const fibers = []
      for (let i = 0; i < n; i++) {
        fibers.push(
          yield* Effect.forkChild(
            Effect.gen(function* () {
              return i
            }),
          ),
        )
      }
      let sum = 0
      for (const value of yield* Fiber.joinAll(fibers)) sum += value
      return sum
    })
    return Effect.runPromise(program)
  }
  return {
    join,
    closures: join,
    async park(n) {
      let woken = 0
      const resumes = []
      const body = Effect.gen(function* () {
        yield* Effect.callback((resume) => void resumes.push(resume))
        woken++
      })
      const fibers = await Effect.runPromise(
        Effect.gen(function* () {
          const forked = []
          for (let i = 0; i < n; i++) forked.push(yield* Effect.forkDetach(body))
          while (resumes.length < n) yield* Effect.yieldNow
          return forked
        }),
      )
      return async () => {
        for (const resume of resumes) resume(Effect.void)
        await Effect.runPromise(Fiber.awaitAll(fibers))
        return woken
      }
    },
  }
}

async function effectSync() {
  const { Effect, Fiber } = await import('effect')
  return {
    join(n) {
      const program = Effect.gen(function* () {
        const fibers = []
        for (let i = 0; i < n; i++) fibers.push(yield* Effect.forkChild(Effect.sync(() => i)))
        let sum = 0
        for (const value of yield* Fiber.joinAll(fibers)) sum += value
        return sum
      })
      return Effect.runPromise(program)
    },
  }
}

async function effection() {
  const { action, run, spawn } = await import('effection')
  function join(n) {
    return run(function* () {
      const tasks = []
      for (let i = 0; i < n; i++) {
        tasks.push(
          yield* spawn(function* () {
            return i
          }),
        )
      }
      let sum = 0
      for (const task of tasks) sum += yield* task
      return sum
    })
  }
  return {
    join,
    closures: join,
    async park(n) {
      let woken = 0
      const resolvers = []
      const root = run(function* () {
        const tasks = []
        for (let i = 0; i < n; i++) {
          tasks.push(
            yield* spawn(function* () {
              yield* action((resolve) => {
                resolvers.push(resolve)
                return () => {}
              })
              woken++
            }),
          )
        }
        for (const task of tasks) yield* task
      })
      while (resolvers.length < n) await new Promise(setImmediate)
      return async () => {
        for (const resolve of resolvers) resolve()
        await root
        return woken
      }
    },
  }
}
