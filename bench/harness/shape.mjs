// The reference kernel: the shape of greenhouse's own, and nothing else. One object per wait is at once the iterator, its
// result, the wait record and the thenable; greenlets run from a ring, each step in its own AsyncResource; lists are FIFO
// and leaving them is O(1). No time-outs, signals, hooks, handlers, scopes, ends, or failures without a consumer. What
// greenhouse costs above this is what those cost.
import { AsyncResource } from 'node:async_hooks'

const PENDING = 0
const DONE = 1
const FAILED = 2
const MANUAL = { requireManualDestroy: true }
const BUDGET_MS = 1

let current = null

let slots = new Array(1024)
let mask = 1023
let head = 0
let tail = 0
let draining = false
let scheduled = false

function push(greenlet) {
  slots[tail] = greenlet
  tail = (tail + 1) & mask
  if (tail === head) grow()
  if (draining || scheduled) return
  scheduled = true
  queueMicrotask(drain)
}

function grow() {
  const size = slots.length
  const larger = new Array(size * 2)
  for (let i = 0; i < size; i++) larger[i] = slots[(head + i) & mask]
  slots = larger
  head = 0
  tail = size
  mask = size * 2 - 1
}

function drain() {
  scheduled = false
  draining = true
  let count = 0
  let startMs = 0
  while (head !== tail) {
    const greenlet = slots[head]
    slots[head] = undefined
    head = (head + 1) & mask
    current = greenlet
    greenlet.runInAsyncScope(step, greenlet)
    if ((++count & 127) !== 0) continue
    const nowMs = performance.now()
    if (startMs === 0) startMs = nowMs
    else if (nowMs - startMs > BUDGET_MS && head !== tail) {
      scheduled = true
      setImmediate(drain)
      break
    }
  }
  current = null
  draining = false
}

function step() {
  const input = this.input
  this.input = null
  let result
  try {
    if (input !== null && input.state === FAILED) result = this.generator.throw(input.value)
    else result = this.generator.next(input === null ? undefined : input.value)
  } catch (error) {
    return finish(this, FAILED, error)
  }
  if (result.done) finish(this, DONE, result.value)
}

function finish(greenlet, state, value) {
  greenlet.state = state
  greenlet.value = value
  greenlet.generator = null
  let waiting = greenlet.joiners
  greenlet.joiners = null
  if (waiting === null && state === FAILED) throw value
  while (waiting !== null) {
    const next = waiting.after
    settle(waiting, state, value)
    waiting = next
  }
}

export class Wait {
  constructor(owner, state, value) {
    this.done = false
    this.value = value
    this.state = state
    this.owner = owner
    this.list = null
    this.before = null
    this.after = null
  }

  [Symbol.iterator]() {
    return this
  }

  next() {
    if (this.state === PENDING) {
      this.owner.input = this
      return this
    }
    if (this.state === FAILED) throw this.value
    this.done = true
    return this
  }

  throw(error) {
    throw error
  }

  then(onDone, onFailed) {
    const promise = new Promise((resolve, reject) => {
      if (this.state === DONE) resolve(this.value)
      else if (this.state === FAILED) reject(this.value)
      else this.owner = { thenable: true, resolve, reject }
    })
    return promise.then(onDone, onFailed)
  }
}

class Pause extends Wait {
  constructor(owner) {
    super(owner, PENDING, undefined)
    this.parked = false
  }

  next() {
    if (this.parked) {
      this.done = true
      return this
    }
    this.parked = true
    this.state = DONE
    this.owner.input = this
    push(this.owner)
    return this
  }
}

function settle(wait, state, value) {
  wait.state = state
  wait.value = value
  wait.done = true
  const { owner } = wait
  if (owner === null) return
  if (owner.thenable !== true) push(owner)
  else if (state === DONE) owner.resolve(value)
  else owner.reject(value)
}

export function complete(value) {
  return new Wait(null, DONE, value)
}

export class WaitList {
  first = null
  last = null

  park(item) {
    const wait = new Wait(current, PENDING, item)
    wait.list = this
    wait.before = this.last
    if (this.last === null) this.first = wait
    else this.last.after = wait
    this.last = wait
    return wait
  }

  leave(wait) {
    if (wait.before === null) this.first = wait.after
    else wait.before.after = wait.after
    if (wait.after === null) this.last = wait.before
    else wait.after.before = wait.before
    wait.list = wait.before = wait.after = null
  }

  shift() {
    const wait = this.first
    if (wait !== null) this.leave(wait)
    return wait
  }

  wake(value) {
    const wait = this.shift()
    if (wait === null) return false
    settle(wait, DONE, value)
    return true
  }
}

class Greenlet extends AsyncResource {
  constructor(generator) {
    super('Greenlet', MANUAL)
    this.generator = generator
    this.input = null
    this.state = PENDING
    this.value = undefined
    this.joiners = null
  }

  join() {
    if (this.state !== PENDING) return new Wait(null, this.state, this.value)
    const wait = new Wait(current, PENDING, undefined)
    wait.after = this.joiners
    this.joiners = wait
    return wait
  }
}

export function schedule(fn, ...args) {
  const greenlet = new Greenlet(fn(...args))
  push(greenlet)
  return greenlet
}

export function pause() {
  return new Pause(current)
}

export class Event {
  isSet = false
  waiters = new WaitList()

  set() {
    this.isSet = true
    while (this.waiters.wake(true));
  }

  clear() {
    this.isSet = false
  }

  wait() {
    return this.isSet ? complete(true) : this.waiters.park(undefined)
  }
}

export class Queue {
  items = []
  head = 0
  getters = new WaitList()
  putters = new WaitList()

  constructor(maxSize) {
    this.maxSize = maxSize
  }

  get size() {
    return this.items.length - this.head
  }

  get() {
    if (this.size === 0) return this.getters.park(undefined)
    const item = this.shift()
    const putter = this.putters.shift()
    if (putter !== null) {
      this.items.push(putter.value)
      settle(putter, DONE, undefined)
    }
    return complete(item)
  }

  put(item) {
    if (this.getters.wake(item)) return complete(undefined)
    if (this.size >= this.maxSize) return this.putters.park(item)
    this.items.push(item)
    return complete(undefined)
  }

  shift() {
    const item = this.items[this.head]
    this.items[this.head++] = undefined
    if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items.splice(0, this.head)
      this.head = 0
    }
    return item
  }
}

export class Lock {
  held = false
  waiters = new WaitList()

  acquire() {
    if (this.held) return this.waiters.park(undefined)
    this.held = true
    return complete(true)
  }

  tryAcquire() {
    if (this.held) return false
    return (this.held = true)
  }

  release() {
    if (!this.waiters.wake(true)) this.held = false
  }
}
