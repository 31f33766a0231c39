// T4: an acquire and a release. Contending tasks give way once while they hold the lock, so that all others queue up.
import { expectEqual } from './harness/measure.mjs'
import { Ring } from './harness/ring.mjs'

const LIMIT = 'limit: generators, raw yields'
const CONTENDED = ['1,000 contending over a pause', '10,000 contending over a pause']
const BLOCKING = ['free', ...CONTENDED]

export const suite = {
  title: 'T4 lock',
  unit: 'ns per acquire and release',
  cases: {
    free: { ops: 500_000 },
    'free, tryAcquire': { tries: true, ops: 500_000 },
    [CONTENDED[0]]: { tasks: 1000, ops: 300_000 },
    [CONTENDED[1]]: { tasks: 10_000, ops: 300_000 },
  },
  contenders: [
    { name: 'greenhouse', load: loadGreenhouse },
    { name: 'greenhouse, await', scale: 0.3, cases: BLOCKING, load: loadGreenhouseAwait },
    { name: LIMIT, load: inRawGenerators },
    { name: 'shape', load: loadShape },
    { name: 'async-mutex', scale: 0.3, cases: BLOCKING, load: loadAsyncMutex },
    { name: 'async-sema', cases: BLOCKING, load: loadAsyncSema },
    { name: 'p-limit(1)', scale: 0.3, cases: BLOCKING, load: loadPLimit },
    { name: 'effect, sync scheduler', cases: ['free'], load: loadEffect },
    // Quadratic in its waiters: fewer turns each, and no 10,000.
    { name: 'effect', scale: 0.05, cases: [CONTENDED[0]], load: loadEffect },
  ],
  verify: (count, ops, { tasks = 1 }) =>
    expectEqual('acquired', count, Math.ceil(ops / tasks) * tasks),
  limitThere: { free: 3.8, [CONTENDED[0]]: 59 },
  goals: {
    free: {
      greenhouse: '<= 10',
      [LIMIT]: '<= 11x',
      shape: '<= 1.25x',
      'async-mutex': '>= 29x',
      'async-sema': '>= 1.25x',
      'effect, sync scheduler': '>= 3.8x',
    },
    'free, tryAcquire': { [LIMIT]: '<= 2x', shape: '<= 1.25x' },
    [CONTENDED[0]]: {
      greenhouse: '<= 180',
      [LIMIT]: '<= 2.5x',
      shape: '<= 1.25x',
      'async-mutex': '>= 11x',
      'async-sema': '>= 1.1x',
      effect: '>= 100x',
    },
    [CONTENDED[1]]: { shape: '<= 1.25x' },
  },
  derived: [
    {
      title: '10,000 contending against 1,000',
      goal: '<= 1.5x',
      value: (cost) => cost(CONTENDED[1], 'greenhouse') / cost(CONTENDED[0], 'greenhouse'),
    },
  ],
}

/** Watches over mutual exclusion, and counts. */
class Guard {
  inside = false
  count = 0

  enter() {
    if (this.inside) throw new Error('Two are in at once')
    this.inside = true
  }

  leave() {
    this.inside = false
    this.count++
  }
}

async function loadGreenhouse(parameters) {
  const { pause, schedule } = await import('@greenhouse/scheduler')
  const { Lock } = await import('@greenhouse/util')
  return inGenerators({ pause, schedule, Lock }, parameters)
}

async function loadShape(parameters) {
  return inGenerators(await import('./harness/shape.mjs'), parameters)
}

function inGenerators({ pause, schedule, Lock }, { tries, tasks }) {
  function* free(n) {
    const lock = new Lock()
    const guard = new Guard()
    for (let i = 0; i < n; i++) {
      yield* lock.acquire()
      guard.enter()
      guard.leave()
      lock.release()
    }
    return guard.count
  }
  function* tried(n) {
    const lock = new Lock()
    const guard = new Guard()
    for (let i = 0; i < n; i++) {
      if (!lock.tryAcquire()) continue
      guard.enter()
      guard.leave()
      lock.release()
    }
    return guard.count
  }
  function* contend(lock, guard, turns) {
    for (let turn = 0; turn < turns; turn++) {
      yield* lock.acquire()
      guard.enter()
      yield* pause()
      guard.leave()
      lock.release()
    }
  }
  function* joinAll(n) {
    const lock = new Lock()
    const guard = new Guard()
    const turns = Math.ceil(n / tasks)
    const all = []
    for (let i = 0; i < tasks; i++) all.push(schedule(contend, lock, guard, turns))
    for (const one of all) yield* one.join()
    return guard.count
  }
  const body = tries === true ? tried : tasks === undefined ? free : joinAll
  return (n) => schedule(body, n).join()
}

async function loadGreenhouseAwait(parameters) {
  const { pause, schedule } = await import('@greenhouse/scheduler')
  const { Lock } = await import('@greenhouse/util')
  const run = inAsync(
    () => {
      const lock = new Lock()
      return { acquire: () => lock.acquire(), release: () => lock.release() }
    },
    parameters,
    pause,
  )
  return (n) => schedule(run, n).join()
}

async function loadAsyncMutex(parameters) {
  const { Mutex } = await import('async-mutex')
  return inAsync(() => {
    const mutex = new Mutex()
    return { acquire: () => mutex.acquire(), release: (release) => release() }
  }, parameters)
}

async function loadAsyncSema(parameters) {
  const { Sema } = await import('async-sema')
  return inAsync(() => {
    const sema = new Sema(1)
    return { acquire: () => sema.acquire(), release: () => sema.release() }
  }, parameters)
}

/** Plain async functions that contend for what `make` gives. */
function inAsync(make, { tasks }, pause = () => null) {
  async function free(n) {
    const lock = make()
    const guard = new Guard()
    for (let i = 0; i < n; i++) {
      const held = await lock.acquire()
      guard.enter()
      guard.leave()
      lock.release(held)
    }
    return guard.count
  }
  async function contended(n) {
    const lock = make()
    const guard = new Guard()
    const turns = Math.ceil(n / tasks)
    async function contend() {
      for (let turn = 0; turn < turns; turn++) {
        const held = await lock.acquire()
        guard.enter()
        await pause()
        guard.leave()
        lock.release(held)
      }
    }
    await Promise.all(Array.from({ length: tasks }, contend))
    return guard.count
  }
  return tasks === undefined ? free : contended
}

async function loadPLimit({ tasks = 1 }) {
  const { default: pLimit } = await import('p-limit')
  return async (n) => {
    const limit = pLimit(1)
    const guard = new Guard()
    const turns = Math.ceil(n / tasks)
    async function hold() {
      guard.enter()
      if (tasks > 1) await null
      guard.leave()
    }
    async function contend() {
      for (let turn = 0; turn < turns; turn++) await limit(hold)
    }
    await Promise.all(Array.from({ length: tasks }, contend))
    return guard.count
  }
}

async function loadEffect({ tasks }) {
  const { Effect, Fiber, Scheduler, Semaphore } = await import('effect')
  const free = (n) =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1)
      const guard = new Guard()
      for (let i = 0; i < n; i++) {
        yield* semaphore.take(1)
        guard.enter()
        guard.leave()
        yield* semaphore.release(1)
      }
      return guard.count
    })
  const contended = (n) =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1)
      const guard = new Guard()
      const turns = Math.ceil(n / tasks)
      const contend = Effect.gen(function* () {
        for (let turn = 0; turn < turns; turn++) {
          yield* semaphore.take(1)
          guard.enter()
          yield* Effect.yieldNow
          guard.leave()
          yield* semaphore.release(1)
        }
      })
      const fibers = []
      for (let i = 0; i < tasks; i++) fibers.push(yield* Effect.forkChild(contend))
      yield* Fiber.joinAll(fibers)
      return guard.count
    })
  const program = tasks === undefined ? free : contended
  return (n) => Effect.runPromise(program(n), { scheduler: new Scheduler.MixedScheduler('sync') })
}

/** A flag and a ring of waiters, with neither a class nor delegation. */
function inRawGenerators({ tasks = 1 }) {
  const contended = tasks > 1
  return (n) => {
    const ready = new Ring()
    const waiters = new Ring()
    const guard = new Guard()
    const turns = Math.ceil(n / tasks)
    let held = false
    let current
    function* contend() {
      for (let turn = 0; turn < turns; turn++) {
        if (held) {
          waiters.push(current)
          yield
        } else held = true
        guard.enter()
        if (contended) {
          ready.push(current)
          yield
        }
        guard.leave()
        const next = waiters.shift()
        if (next === undefined) held = false
        else ready.push(next)
      }
    }
    for (let i = 0; i < tasks; i++) ready.push(contend())
    while ((current = ready.shift()) !== undefined) current.next()
    return guard.count
  }
}
