// T9: what keeping the async context of each greenlet costs: by itself, on the ways that Node offers, and in greenhouse when
// the program uses an AsyncLocalStorage of its own.
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { expectEqual, settledMemory, stopwatch, timed } from './harness/measure.mjs'

const TASKS = 1000
const MANUAL = { requireManualDestroy: true }
const PLAIN = 'limit: generators, no context'
const RESOURCE = 'AsyncResource each'
const SNAPSHOT = 'snapshot() each'
const RUN = 'als.run each'
const IN_USE = 'greenhouse, user has an AsyncLocalStorage'
const AWAIT = 'await null'
const AWAIT_IN_USE = 'await null, user has an AsyncLocalStorage'

const SWITCH = 'switch, 1,000 tasks'
const MAKE = 'make the keeper of a context'

/** What the limit took where the goals were set. */
const SWITCH_THERE = { case: SWITCH, row: PLAIN, ns: 15 }

/** From Node 24 on, contexts are frames: `await` is free of them, and `run` dearer. */
const FRAMES = Number(process.versions.node.split('.')[0]) >= 24

export const suite = {
  title: 'T9 context',
  unit: 'ns per switch',
  cases: {
    [SWITCH]: { ops: 500_000 },
    [MAKE]: {
      ops: 200_000,
      makes: true,
      figures: {
        wall: { title: `${MAKE}: time`, unit: 'ns', cpu: 'cpu' },
        heap: { title: `${MAKE}: heap`, unit: 'B' },
      },
    },
  },
  contenders: [
    { name: 'greenhouse', cases: [SWITCH], load: () => loadGreenhouse(false) },
    { name: IN_USE, cases: [SWITCH], load: () => loadGreenhouse(true) },
    { name: PLAIN, load: ways(() => undefined, plain) },
    { name: RESOURCE, load: ways(() => new AsyncResource('Task', MANUAL), inResource) },
    { name: SNAPSHOT, scale: 0.25, load: ways(() => AsyncLocalStorage.snapshot(), inSnapshot) },
    { name: RUN, cases: [SWITCH], load: ways(() => ({}), inRun) },
    { name: AWAIT, cases: [SWITCH], load: () => awaiting(false) },
    { name: AWAIT_IN_USE, cases: [SWITCH], load: () => awaiting(true) },
  ],
  measure: (run, ops, options) =>
    options.makes === true
      ? measureMaking(run, ops)
      : timed(run, ops, {
          ...options,
          verify: (switches, n) => expectEqual('switches', switches, Math.ceil(n / TASKS) * TASKS),
        }),
  goals: {},
  derived: [
    {
      title: 'switch with a context against one without',
      goal: '<= 1.75x',
      value: (cost) => cost(SWITCH, RESOURCE) / cost(SWITCH, PLAIN),
    },
    {
      title: 'ns that the context adds to a switch',
      goal: '<= 10',
      limitThere: SWITCH_THERE,
      value: (cost) => cost(SWITCH, RESOURCE) - cost(SWITCH, PLAIN),
    },
    {
      title: 'the same with snapshot(), how many times that',
      goal: '>= 6x',
      value: (cost) =>
        (cost(SWITCH, SNAPSHOT) - cost(SWITCH, PLAIN)) /
        (cost(SWITCH, RESOURCE) - cost(SWITCH, PLAIN)),
    },
    {
      title: 'the same with als.run, how many times that (Node 24 and later)',
      goal: FRAMES ? '>= 15x' : undefined,
      value: (cost) =>
        (cost(SWITCH, RUN) - cost(SWITCH, PLAIN)) / (cost(SWITCH, RESOURCE) - cost(SWITCH, PLAIN)),
    },
    {
      title: 'greenhouse when the user has an AsyncLocalStorage, against not',
      goal: '<= 1.1x',
      value: (cost) => cost(SWITCH, IN_USE) / cost(SWITCH, 'greenhouse'),
    },
    {
      title: 'await when the user has an AsyncLocalStorage, against not',
      value: (cost) => cost(SWITCH, AWAIT_IN_USE) / cost(SWITCH, AWAIT),
    },
    {
      title: 'ns that the context adds to a spawn',
      goal: '<= 140',
      limitThere: SWITCH_THERE,
      value: (cost) => cost(MAKE, RESOURCE) - cost(MAKE, PLAIN),
    },
    {
      title: 'bytes that the context adds to a greenlet',
      goal: '<= 72',
      value: (cost) => cost(MAKE, RESOURCE, 'heap') - cost(MAKE, PLAIN, 'heap'),
    },
  ],
}

/** What a switch is when nothing keeps a context. */
function plain(task) {
  return task.generator.next()
}

function inResource(task) {
  return task.keeper.runInAsyncScope(step, task)
}

function inSnapshot(task) {
  return task.keeper(task.resume)
}

let storage

function inRun(task) {
  return storage.run(task.keeper, task.resume)
}

function step() {
  return this.generator.next()
}

class Task {
  constructor(generator, keeper) {
    this.generator = generator
    this.keeper = keeper
    this.resume = null
  }
}

/** Tasks whose contexts are kept by what `keep` makes, and entered by `resume`. */
function ways(keep, resume) {
  return ({ makes }) => {
    storage = new AsyncLocalStorage()
    if (makes === true) return (n) => makeMany(n, keep)
    return (ops) => switchInRing(Math.ceil(ops / TASKS), keep, resume)
  }
}

function switchInRing(turns, keep, resume) {
  const seesItself = resume !== plain
  let switches = 0
  function* giveWay(own) {
    for (let turn = 0; turn < turns; turn++) {
      switches++
      yield
    }
    if (seesItself) expectEqual('context', storage.getStore(), own)
  }
  const tasks = []
  for (let i = 0; i < TASKS; i++) {
    const own = resume === inRun ? keep() : { task: i }
    const task = new Task(giveWay(own), resume === inRun ? own : storage.run(own, keep))
    if (resume === inSnapshot || resume === inRun) task.resume = () => task.generator.next()
    tasks.push(task)
  }
  for (let turn = 0; turn <= turns; turn++) for (const task of tasks) resume(task)
  return switches
}

function makeMany(n, keep) {
  const made = new Array(n)
  for (let i = 0; i < n; i++) made[i] = new Task(null, keep())
  return made
}

async function measureMaking(run, ops) {
  storage.run({}, () => run(ops >> 2))
  const before = await settledMemory()
  const time = stopwatch()
  const made = storage.run({}, () => run(ops))
  const { wallNs, cpuNs } = time()
  const after = await settledMemory()
  expectEqual('made', made.length, ops)
  return { wall: wallNs / ops, cpu: cpuNs / ops, heap: (after.heap - before.heap) / ops }
}

async function loadGreenhouse(inUse) {
  const { pause, schedule } = await import('@greenhouse/scheduler')
  const als = inUse ? new AsyncLocalStorage() : null
  return async (ops) => {
    const turns = Math.ceil(ops / TASKS)
    let switches = 0
    function* giveWay(own) {
      for (let turn = 0; turn < turns; turn++) {
        switches++
        yield* pause()
      }
      if (als !== null) expectEqual('context', als.getStore(), own)
    }
    function* joinAll(greenlets) {
      for (const greenlet of greenlets) yield* greenlet.join()
    }
    const greenlets = []
    for (let i = 0; i < TASKS; i++) {
      if (als === null) greenlets.push(schedule(giveWay, i))
      else greenlets.push(als.run(i, schedule, giveWay, i))
    }
    await schedule(joinAll, greenlets).join()
    return switches
  }
}

function awaiting(inUse) {
  const als = inUse ? new AsyncLocalStorage() : null
  return async (ops) => {
    const turns = Math.ceil(ops / TASKS)
    let switches = 0
    async function giveWay(own) {
      for (let turn = 0; turn < turns; turn++) {
        switches++
        await null
      }
      if (als !== null) expectEqual('context', als.getStore(), own)
    }
    const all = []
    for (let i = 0; i < TASKS; i++) all.push(als === null ? giveWay(i) : als.run(i, giveWay, i))
    await Promise.all(all)
    return switches
  }
}
