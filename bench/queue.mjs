// T3: from one producer to one consumer through a queue; an item is one put and one get.
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expectEqual } from './harness/measure.mjs'
import { Ring } from './harness/ring.mjs'

const LIMIT = 'limit: generators, raw yields'
const UNBOUNDED = ['unbounded']

export const suite = {
  title: 'T3 queue: one producer, one consumer',
  unit: 'ns per item',
  cases: {
    unbounded: { maxSize: Infinity, ops: 500_000 },
    'capacity 1': { maxSize: 1, ops: 500_000 },
    'capacity 100': { maxSize: 100, ops: 500_000 },
  },
  contenders: [
    { name: 'greenhouse', load: loadGreenhouse },
    { name: 'greenhouse, await', scale: 0.3, load: loadGreenhouseAwait },
    { name: LIMIT, load: () => rawGenerators },
    { name: 'shape', load: loadShape },
    { name: 'async, await only if pending', load: () => handWritten },
    { name: 'fastq, callbacks', cases: UNBOUNDED, load: loadFastq },
    { name: 'PassThrough', scale: 0.3, load: () => passThrough },
    { name: 'effect', load: () => loadEffect(false) },
    { name: 'effect, takeAll', load: () => loadEffect(true) },
    { name: 'effection, channel', scale: 0.1, cases: UNBOUNDED, load: loadEffection },
  ],
  verify: (sum, n) => expectEqual('sum', sum, (n * (n + 1)) / 2),
  limitThere: { unbounded: 28.4, 'capacity 1': 49, 'capacity 100': 8.2 },
  goals: {
    unbounded: {
      greenhouse: '<= 50',
      [LIMIT]: '<= 2.8x',
      shape: '<= 1.25x',
      'fastq, callbacks': '<= 2x',
      effect: '>= 3x',
    },
    'capacity 1': {
      greenhouse: '<= 65',
      [LIMIT]: '<= 3x',
      shape: '<= 1.25x',
      PassThrough: '>= 7x',
      effect: '>= 5x',
    },
    'capacity 100': {
      greenhouse: '<= 30',
      [LIMIT]: '<= 8x',
      shape: '<= 1.25x',
      PassThrough: '>= 2.5x',
      effect: '>= 12x',
      'effect, takeAll': '>= 1.5x',
    },
  },
}

async function loadGreenhouse() {
  const [{ schedule }, { Queue }] = await Promise.all([
    import('@greenhouse/scheduler'),
    import('@greenhouse/util'),
  ])
  return inGenerators(schedule, Queue)
}

async function loadShape() {
  const { schedule, Queue } = await import('./harness/shape.mjs')
  return inGenerators(schedule, Queue)
}

function inGenerators(schedule, Queue) {
  function* produce(queue, n) {
    for (let i = 1; i <= n; i++) yield* queue.put(i)
  }
  function* consume(queue, n) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += yield* queue.get()
    return sum
  }
  return (n, { maxSize }) => {
    const queue = new Queue(maxSize)
    const consumer = schedule(consume, queue, n)
    schedule(produce, queue, n)
    return consumer.join()
  }
}

async function loadGreenhouseAwait() {
  const { schedule } = await import('@greenhouse/scheduler')
  const { Queue } = await import('@greenhouse/util')
  async function produce(queue, n) {
    for (let i = 1; i <= n; i++) await queue.put(i)
  }
  async function consume(queue, n) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += await queue.get()
    return sum
  }
  return (n, { maxSize }) => {
    const queue = new Queue(maxSize)
    const consumer = schedule(consume, queue, n)
    schedule(produce, queue, n)
    return consumer.join()
  }
}

/** No queue class, no delegation: both sides yield by themselves while there is nothing to do. */
function rawGenerators(n, { maxSize }) {
  const ready = new Ring()
  const items = new Ring()
  let sum = 0
  let current
  let getter = null
  let putter = null
  function* produce() {
    for (let i = 1; i <= n; i++) {
      while (items.size >= maxSize) {
        putter = current
        yield
      }
      items.push(i)
      if (getter === null) continue
      ready.push(getter)
      getter = null
    }
  }
  function* consume() {
    for (let i = 0; i < n; i++) {
      while (items.size === 0) {
        getter = current
        yield
      }
      sum += items.shift()
      if (putter === null) continue
      ready.push(putter)
      putter = null
    }
  }
  ready.push(consume())
  ready.push(produce())
  while ((current = ready.shift()) !== undefined) current.next()
  return sum
}

class AsyncQueue {
  items = new Ring()
  getters = new Ring()
  putters = new Ring()

  constructor(maxSize) {
    this.maxSize = maxSize
  }

  /** A promise only when it has to wait. */
  put(item) {
    const getter = this.getters.shift()
    if (getter !== undefined) return void getter(item)
    if (this.items.size < this.maxSize) return void this.items.push(item)
    return new Promise((resolve) => this.putters.push({ item, resolve }))
  }

  get() {
    if (this.items.size === 0) return new Promise((resolve) => this.getters.push(resolve))
    const item = this.items.shift()
    const putter = this.putters.shift()
    if (putter !== undefined) {
      this.items.push(putter.item)
      putter.resolve()
    }
    return item
  }
}

async function handWritten(n, { maxSize }) {
  const queue = new AsyncQueue(maxSize)
  async function produce() {
    for (let i = 1; i <= n; i++) {
      const pending = queue.put(i)
      if (pending !== undefined) await pending
    }
  }
  async function consume() {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const item = queue.get()
      sum += typeof item === 'number' ? item : await item
    }
    return sum
  }
  const [sum] = await Promise.all([consume(), produce()])
  return sum
}

async function loadFastq() {
  const { default: fastq } = await import('fastq')
  return (n) =>
    new Promise((resolve) => {
      let sum = 0
      let count = 0
      const queue = fastq((item, callback) => {
        sum += item
        callback(null)
        if (++count === n) resolve(sum)
      }, 1)
      for (let i = 1; i <= n; i++) queue.push(i, () => {})
    })
}

async function passThrough(n, { maxSize }) {
  const highWaterMark = maxSize === Infinity ? 1e9 : maxSize
  const stream = new PassThrough({
    objectMode: true,
    writableHighWaterMark: highWaterMark,
    readableHighWaterMark: highWaterMark,
  })
  async function produce() {
    for (let i = 1; i <= n; i++) if (!stream.write(i)) await once(stream, 'drain')
    stream.end()
  }
  async function consume() {
    let sum = 0
    for await (const item of stream) sum += item
    return sum
  }
  const [sum] = await Promise.all([consume(), produce()])
  return sum
}

async function loadEffect(batches) {
  const { Effect, Fiber, Queue } = await import('effect')
  return (n, { maxSize }) => {
    const program = Effect.gen(function* () {
      const queue = yield* maxSize === Infinity ? Queue.unbounded() : Queue.bounded(maxSize)
      let sum = 0
      const single = Effect.gen(function* () {
        for (let i = 0; i < n; i++) sum += yield* Queue.take(queue)
      })
      const batched = Effect.gen(function* () {
        for (let count = 0; count < n;) {
          const items = yield* Queue.takeAll(queue)
          for (const item of items) sum += item
          count += items.length
        }
      })
      const consumer = yield* Effect.forkChild(batches ? batched : single)
      const producer = yield* Effect.forkChild(
        Effect.gen(function* () {
          for (let i = 1; i <= n; i++) yield* Queue.offer(queue, i)
        }),
      )
      yield* Fiber.join(producer)
      yield* Fiber.join(consumer)
      return sum
    })
    return Effect.runPromise(program)
  }
}

async function loadEffection() {
  const { createChannel, run, spawn } = await import('effection')
  return (n) =>
    run(function* () {
      const channel = createChannel()
      const items = yield* channel
      const consumer = yield* spawn(function* () {
        let sum = 0
        for (let i = 0; i < n; i++) sum += (yield* items.next()).value
        return sum
      })
      const producer = yield* spawn(function* () {
        for (let i = 1; i <= n; i++) yield* channel.send(i)
      })
      yield* producer
      return yield* consumer
    })
}
