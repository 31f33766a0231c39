// The run queue and the mainloop: a ring buffer, drained in slices (contract 7). A drain is a tick, not a microtask: it runs
// when the microtasks are through, so that each continuation of an async function has run, up to its next wait, before the
// next entry does.
//
//   ring   [ . . e3 e4 e5 . . . ]      entries run from head to tail, in the order they were pushed
//                ^head    ^tail
//
// A slice is counted from the last turn of the event loop, across drains. `credit` counts what runs between two looks
// at the time; past the budget nothing runs until an immediate, armed when counting began, shows that libuv has polled.
import { AsyncResource } from 'node:async_hooks'
import { backOutside, watched } from './switches.ts'

/** What can stand in the run queue. */
export interface Runnable {
  /** Runs until the next wait; true when a continuation of an async function must run before the next entry. */
  run(): boolean
}

const DEFAULT_BUDGET_MS = 1
const FIRST_LOOK = 32
const LONGEST_LOOK = 256

let ring: (Runnable | undefined)[] = new Array(1024)
let mask = 1023
let head = 0
let tail = 0
let draining = false
let scheduled = false

let credit = FIRST_LOOK
let look = FIRST_LOOK
let budgetMs = DEFAULT_BUDGET_MS
let sliceStartMs = 0
let lastLookMs = 0
let usedUp = false
let drained = 0

const resolved: Promise<void> = Promise.resolve()
const context = new AsyncResource('GreenhouseMainloop', { requireManualDestroy: true })

/** Lets the drains be shuffled by tests: picks which of `count` waiting entries runs next. */
let pick: ((count: number) => number) | null = null
/** Called when a drain begins. */
let onDrain: () => void = () => {}

export function push(entry: Runnable): void {
  ring[tail] = entry
  tail = (tail + 1) & mask
  if (tail === head) grow()
  if (!draining && !scheduled && !usedUp) schedule()
}

/** Counts one completed operation; true when the slice is used up and the caller must park. */
export function overBudget(): boolean {
  return --credit < 0 && lookAtTime()
}

export function setBudget(ms: number): number {
  const before = budgetMs
  budgetMs = ms
  return before
}

export function setPick(choose: ((count: number) => number) | null): void {
  pick = choose
}

export function setOnDrain(listener: () => void): void {
  onDrain = listener
}

export function queueLength(): number {
  return (tail - head) & mask
}

/** How many entries have run since the start: tells whether a turn of the event loop was idle. */
export function entriesRun(): number {
  return drained
}

/** Puts an entry back that could not run yet; its `run` must say that the drain has to stop. */
export function putBack(entry: Runnable): void {
  head = (head - 1) & mask
  ring[head] = entry
  if (tail === head) grow()
}

function schedule(): void {
  scheduled = true
  process.nextTick(drain)
}

/** A tick set inside a tick would run before the microtasks; one set by a microtask runs when they are through. */
function scheduleAfterMicrotasks(): void {
  scheduled = true
  void resolved.then(tick)
}

function tick(): void {
  process.nextTick(drain)
}

function drain(): void {
  scheduled = false
  draining = true
  let stopped = false
  onDrain()
  try {
    while (head !== tail && !stopped) {
      if (--credit < 0 && lookAtTime()) break
      if (pick !== null) bringForward(pick(queueLength()))
      const entry = ring[head]!
      ring[head] = undefined
      head = (head + 1) & mask
      drained++
      stopped = entry.run()
    }
  } finally {
    draining = false
    // A watcher wants to hear when the continuation is through, and nothing else has to run.
    if ((head !== tail || (stopped && watched)) && !usedUp) {
      if (stopped) scheduleAfterMicrotasks()
      else schedule()
    }
  }
  if (!stopped && watched) backOutside()
}

function lookAtTime(): boolean {
  if (usedUp) return true
  const nowMs = performance.now()
  if (sliceStartMs === 0) {
    sliceStartMs = nowMs
    context.runInAsyncScope(setImmediate, null, turn)
  } else {
    if (nowMs - sliceStartMs >= budgetMs) {
      credit = 0
      return (usedUp = true)
    }
    // Look about eight times a slice: seldom when entries are short, at each one when they are long.
    const wanted = (look * budgetMs) / (8 * (nowMs - lastLookMs) + 1e-6)
    look = Math.max(1, Math.min(LONGEST_LOOK, Math.floor(wanted)))
  }
  lastLookMs = nowMs
  credit = look
  return false
}

function turn(): void {
  sliceStartMs = 0
  credit = Math.min(look, FIRST_LOOK)
  if (!usedUp) return
  usedUp = false
  if ((head !== tail || watched) && !scheduled) drain()
}

function bringForward(offset: number): void {
  const at = (head + offset) & mask
  const entry = ring[at]
  for (let i = at; i !== head; i = (i - 1) & mask) ring[i] = ring[(i - 1) & mask]
  ring[head] = entry
}

function grow(): void {
  const size = ring.length
  const larger: (Runnable | undefined)[] = new Array(size * 2)
  for (let i = 0; i < size; i++) larger[i] = ring[(head + i) & mask]
  ring = larger
  head = 0
  tail = size
  mask = size * 2 - 1
}
