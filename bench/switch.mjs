// T1: from one greenlet to the next. N greenlets give way to each other; spawning them is counted in.
import { expectEqual } from './harness/measure.mjs'
import { Ring } from './harness/ring.mjs'

export const suite = {
  title: 'T1 switch: N greenlets give way to each other',
  unit: 'ns per switch',
  cases: {
    'N=1': { greenlets: 1, ops: 500_000 },
    'N=100': { greenlets: 100, ops: 500_000 },
    'N=10,000': { greenlets: 10_000, ops: 1_000_000 },
  },
  contenders: [
    { name: 'greenhouse', load: loadGreenhouse },
    { name: 'greenhouse, await', scale: 0.3, load: loadGreenhouseAwait },
    { name: 'limit: generators in a ring', load: () => generatorRing },
    { name: 'shape', load: loadShape },
    { name: 'await null', load: () => awaitNull },
    { name: 'effect', scale: effectScale, load: () => loadEffect(false) },
    { name: 'effect, sync scheduler', scale: effectScale, load: () => loadEffect(true) },
    { name: 'effection, action', scale: 0.1, cases: ['N=1', 'N=100'], load: loadEffection },
  ],
  verify: (switches, ops, { greenlets }) =>
    expectEqual('switches', switches, turnsEach(ops, greenlets) * greenlets),
  limitThere: { 'N=1': 14.3, 'N=100': 14.5, 'N=10,000': 17.9 },
  goals: {
    'N=1': {
      greenhouse: '<= 55',
      'limit: generators in a ring': '<= 4.5x',
      shape: '<= 1.25x',
      effect: '>= 14x',
      'effect, sync scheduler': '>= 3x',
    },
    'N=100': {
      greenhouse: '<= 55',
      'limit: generators in a ring': '<= 4.5x',
      shape: '<= 1.25x',
      effect: '>= 4x',
      'effect, sync scheduler': '>= 3.5x',
    },
    'N=10,000': {
      greenhouse: '<= 110',
      'limit: generators in a ring': '<= 6x',
      shape: '<= 1.25x',
      effect: '>= 8x',
      'effect, sync scheduler': '>= 8x',
    },
  },
}

/** Many greenlets have to switch often, so that spawning them weighs as little as for the others. */
function effectScale({ greenlets }) {
  return greenlets > 1000 ? 0.5 : 0.3
}

/** Rounded up, so that a short warm-up of many greenlets switches too. */
function turnsEach(ops, greenlets) {
  return Math.ceil(ops / greenlets)
}

async function loadGreenhouse() {
  return inGenerators(await import('@greenhouse/scheduler'))
}

async function loadShape() {
  return inGenerators(await import('./harness/shape.mjs'))
}

function inGenerators({ pause, schedule }) {
  return async (ops, { greenlets }) => {
    const turns = turnsEach(ops, greenlets)
    let switches = 0
    function* giveWay() {
      for (let turn = 0; turn < turns; turn++) {
        switches++
        yield* pause()
      }
    }
    function* joinAll() {
      const all = []
      for (let i = 0; i < greenlets; i++) all.push(schedule(giveWay))
      for (const one of all) yield* one.join()
    }
    await schedule(joinAll).join()
    return switches
  }
}

async function loadGreenhouseAwait() {
  const { pause, schedule } = await import('@greenhouse/scheduler')
  return async (ops, { greenlets }) => {
    const turns = turnsEach(ops, greenlets)
    let switches = 0
    async function giveWay() {
      for (let turn = 0; turn < turns; turn++) {
        switches++
        await pause()
      }
    }
    const all = []
    for (let i = 0; i < greenlets; i++) all.push(schedule(giveWay))
    for (const one of all) await one.join()
    return switches
  }
}

function generatorRing(ops, { greenlets }) {
  const turns = turnsEach(ops, greenlets)
  const ready = new Ring()
  let switches = 0
  function* giveWay() {
    for (let turn = 0; turn < turns; turn++) {
      switches++
      yield
    }
  }
  for (let i = 0; i < greenlets; i++) ready.push(giveWay())
  for (let next; (next = ready.shift()) !== undefined;) if (!next.next().done) ready.push(next)
  return switches
}

async function awaitNull(ops, { greenlets }) {
  const turns = turnsEach(ops, greenlets)
  let switches = 0
  async function giveWay() {
    for (let turn = 0; turn < turns; turn++) {
      switches++
      await null
    }
  }
  await Promise.all(Array.from({ length: greenlets }, giveWay))
  return switches
}

async function loadEffect(sync) {
  const { Effect, Fiber, Scheduler } = await import('effect')
  return async (ops, { greenlets }) => {
    const turns = turnsEach(ops, greenlets)
    let switches = 0
    const giveWay = Effect.gen(function* () {
      for (let turn = 0; turn < turns; turn++) {
        switches++
        yield* Effect.yieldNow
      }
    })
    const program = Effect.gen(function* () {
      const fibers = []
      for (let i = 0; i < greenlets; i++) fibers.push(yield* Effect.forkChild(giveWay))
      yield* Fiber.awaitAll(fibers)
    })
    await Effect.runPromise(
      program,
      sync ? { scheduler: new Scheduler.MixedScheduler('sync') } : undefined,
    )
    return switches
  }
}

async function loadEffection() {
  const { action, run, spawn } = await import('effection')
  return async (ops, { greenlets }) => {
    const turns = turnsEach(ops, greenlets)
    let switches = 0
    function giveWay() {
      return action((resolve) => {
        resolve()
        return () => {}
      })
    }
    await run(function* () {
      const tasks = []
      for (let i = 0; i < greenlets; i++) {
        tasks.push(
          yield* spawn(function* () {
            for (let turn = 0; turn < turns; turn++) {
              switches++
              yield* giveWay()
            }
          }),
        )
      }
      for (const task of tasks) yield* task
    })
    return switches
  }
}
