// `await` of an operation, against what V8 does with the barest thenable and with a promise. One async function awaits what is
// complete; 1,000 await what is not, and an immediate wakes them all.
import { AsyncLocalStorage } from 'node:async_hooks'
import { expectEqual } from './harness/measure.mjs'

const COMPLETE = 'complete operation'
const PARKED = 'parked operation'

const GREENLETS = 'greenhouse, in async greenlets'
const THENABLE = 'barest thenable'
const PROMISE = 'promise'
// Greenhouse makes an AsyncLocalStorage when the first async greenlet starts. On Node 20 and 22 its existence makes each
// `await` of the process dearer, so async greenlets are compared with what has one too.
const ALS = ', AsyncLocalStorage in use'

export const suite = {
  title: 'await of an operation',
  unit: 'ns per await',
  cases: {
    [COMPLETE]: { waiters: 1, ops: 500_000 },
    [PARKED]: { parks: true, waiters: 1000, ops: 200_000 },
  },
  contenders: [
    { name: 'greenhouse', load: loadGreenhouse },
    { name: GREENLETS, load: loadGreenlets },
    { name: 'shape', load: loadShape },
    { name: THENABLE, load: loadThenables },
    { name: THENABLE + ALS, load: withStorage(loadThenables) },
    { name: PROMISE, load: loadPromises },
    { name: PROMISE + ALS, load: withStorage(loadPromises) },
  ],
  verify: (count, ops, { waiters: n }) => expectEqual('awaited', count, Math.ceil(ops / n) * n),
  goals: {},
  derived: [
    {
      title: 'complete, outside greenlets, against the barest thenable',
      goal: '<= 1.3x',
      value: (cost) => cost(COMPLETE, 'greenhouse') / cost(COMPLETE, THENABLE),
    },
    {
      title: 'complete, in async greenlets, against the barest thenable there',
      goal: '<= 1.3x',
      value: (cost) => cost(COMPLETE, GREENLETS) / cost(COMPLETE, THENABLE + ALS),
    },
    {
      title: 'parked, outside greenlets, against a pending promise',
      goal: '<= 3x',
      value: (cost) => cost(PARKED, 'greenhouse') / cost(PARKED, PROMISE),
    },
    {
      title: 'parked, in async greenlets, against a pending promise there',
      goal: '<= 3x',
      value: (cost) => cost(PARKED, GREENLETS) / cost(PARKED, PROMISE + ALS),
    },
  ],
}

/** Many wait for what `wait()` gives. Where they park, an immediate calls `wake()` again and again. */
function waiters({ wait, wake, start = (fn, ...args) => fn(...args) }) {
  return async (ops, { waiters: n }) => {
    const turns = Math.ceil(ops / n)
    let count = 0
    let over = false
    async function waitOften() {
      for (let turn = 0; turn < turns; turn++) if ((await wait()) === true) count++
    }
    const all = []
    for (let i = 0; i < n; i++) all.push(start(waitOften))
    function wakeAll() {
      wake()
      if (!over) setImmediate(wakeAll)
    }
    if (wake !== undefined) setImmediate(wakeAll)
    await Promise.all(all)
    over = true
    return count
  }
}

async function loadGreenhouse({ parks }) {
  return waiters(await operations(parks))
}

async function loadGreenlets({ parks }) {
  const { schedule } = await import('@greenhouse/scheduler')
  const start = (fn) => schedule(fn).join()
  return waiters({ ...(await operations(parks)), start })
}

/** A join of a finished greenlet is complete; a wait for an event parks. */
async function operations(parks) {
  const { schedule } = await import('@greenhouse/scheduler')
  if (parks === true) return parkedOn(new (await import('@greenhouse/util')).Event())
  const finished = schedule(giveTrue)
  await finished.join()
  return { wait: () => finished.join() }
}

/** A generator: plain functions may be async ones, so that they get an AsyncLocalStorage too. */
function* giveTrue() {
  return true
}

async function loadShape({ parks }) {
  const { complete, Event } = await import('./harness/shape.mjs')
  return waiters(parks === true ? parkedOn(new Event()) : { wait: () => complete(true) })
}

function parkedOn(event) {
  return {
    wait: () => event.wait(),
    wake() {
      event.set()
      event.clear()
    },
  }
}

class Complete {
  constructor(value) {
    this.value = value
  }

  then(onDone) {
    onDone(this.value)
  }
}

class Parked {
  then(onDone) {
    parked.push(onDone)
  }
}

let parked = []

function wakeParked() {
  const all = parked
  parked = []
  for (const resolve of all) resolve(true)
}

function loadThenables({ parks }) {
  if (parks !== true) return waiters({ wait: () => new Complete(true) })
  return waiters({ wait: () => new Parked(), wake: wakeParked })
}

function loadPromises({ parks }) {
  if (parks !== true) return waiters({ wait: () => Promise.resolve(true) })
  const keep = (resolve) => void parked.push(resolve)
  return waiters({ wait: () => new Promise(keep), wake: wakeParked })
}

function withStorage(load) {
  return (parameters) => {
    const storage = new AsyncLocalStorage()
    const run = load(parameters)
    return (ops, options) => storage.run({}, run, ops, options)
  }
}
