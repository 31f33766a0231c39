// The timer queue. Timers that fall due in the same millisecond share a bucket, a FIFO list, so adding to and leaving
// one is O(1); a binary heap orders the buckets. Moments are rounded up to whole milliseconds: a timer is never early.
//
//   heap of buckets:   [due 105] [due 109] [due 230] …
//                          |
//                      first -> timer -> timer -> last      (in the order they were set)
//
// An emptied bucket stays in the heap until it is on top, or until such buckets are the majority (then the heap is
// rebuilt), so that many cancelled long time-outs do not pile up.
import type { Clock } from './clock.ts'

/** What sits in the queue; operations with a time-out are their own timers. */
export interface Timer {
  bucket: Bucket | null
  earlier: Timer | null
  later: Timer | null
  /** Whether this timer keeps the process alive. */
  readonly keepsProcess: boolean
  fire(): void
}

export interface Bucket {
  readonly dueMs: number
  readonly queue: TimerQueue
  first: Timer | null
  last: Timer | null
}

interface TimerQueue {
  readonly buckets: Map<number, Bucket>
  heap: Bucket[]
  /** How many buckets in the heap are empty. */
  empty: number
  /** How many timers keep the process alive. */
  keepers: number
}

let clock: Clock
let queue = makeQueue()
let armedMs = Infinity
let armedKeeps = false

export function currentClock(): Clock {
  return clock
}

/** Monotonic milliseconds, by the clock that runs: the real one, or a test's. */
export function now(): number {
  return clock.now()
}

/** Puts another clock behind the queue; timers already set keep their moments. */
export function useClock(next: Clock): void {
  if (armedMs !== Infinity) clock.disarm()
  clock = next
  armedMs = Infinity
  rearm()
}

/** Takes the whole queue away, and gives a function that puts it back: a virtual clock starts with none. */
export function setTimersAside(): () => void {
  const kept = queue
  queue = makeQueue()
  return () => {
    queue = kept
  }
}

/** Sets a timer `delayMs` from now. */
export function startTimer(timer: Timer, delayMs: number): void {
  startTimerAt(timer, clock.now() + delayMs)
}

/** Sets a timer for a monotonic moment. */
export function startTimerAt(timer: Timer, atMs: number): void {
  if (atMs === Infinity) return
  const dueMs = Math.ceil(atMs)
  let bucket = queue.buckets.get(dueMs)
  if (bucket === undefined) {
    bucket = { dueMs, queue, first: null, last: null }
    queue.buckets.set(dueMs, bucket)
    siftUp(queue.heap, bucket)
  } else if (bucket.first === null) queue.empty--
  timer.bucket = bucket
  timer.earlier = bucket.last
  if (bucket.last === null) bucket.first = timer
  else bucket.last.later = timer
  bucket.last = timer
  if (timer.keepsProcess) queue.keepers++
  if (dueMs < armedMs || (timer.keepsProcess && !armedKeeps)) rearm()
}

/** Takes a timer out, if it is in. */
export function stopTimer(timer: Timer): void {
  const bucket = timer.bucket
  if (bucket === null) return
  if (timer.earlier === null) bucket.first = timer.later
  else timer.earlier.later = timer.later
  if (timer.later === null) bucket.last = timer.earlier
  else timer.later.earlier = timer.earlier
  timer.bucket = timer.earlier = timer.later = null
  // It may stand in a queue that was set aside.
  const home = bucket.queue
  if (bucket.first === null && ++home.empty > 64 && home.empty * 2 > home.heap.length) compact(home)
  if (timer.keepsProcess && --home.keepers === 0 && home === queue) rearm()
}

/** How many milliseconds until the next timer: Infinity when there is none. */
export function nextDueMs(): number {
  dropEmpty()
  return queue.heap.length === 0 ? Infinity : queue.heap[0]!.dueMs
}

/** How many timers keep the process alive. */
export function keepingTimers(): number {
  return queue.keepers
}

function fireDue(): void {
  armedMs = Infinity
  const nowMs = clock.now()
  for (;;) {
    dropEmpty()
    const bucket = queue.heap[0]
    if (bucket === undefined || bucket.dueMs > nowMs) break
    const timer = bucket.first!
    stopTimer(timer)
    timer.fire()
  }
  rearm()
}

function rearm(): void {
  const dueMs = nextDueMs()
  const keeps = queue.keepers > 0
  if (dueMs === armedMs && keeps === armedKeeps) return
  armedKeeps = keeps
  if (dueMs === Infinity) {
    if (armedMs !== Infinity) clock.disarm()
  } else clock.arm(dueMs, keeps, fireDue)
  armedMs = dueMs
}

function dropEmpty(): void {
  const { heap } = queue
  while (heap.length > 0 && heap[0]!.first === null) {
    queue.buckets.delete(heap[0]!.dueMs)
    queue.empty--
    const last = heap.pop()!
    if (heap.length > 0) siftDown(heap, last, 0)
  }
}

function compact(home: TimerQueue): void {
  const live: Bucket[] = []
  for (const bucket of home.heap) {
    if (bucket.first === null) home.buckets.delete(bucket.dueMs)
    else live.push(bucket)
  }
  live.sort((a, b) => a.dueMs - b.dueMs)
  home.heap = live
  home.empty = 0
}

function makeQueue(): TimerQueue {
  return { buckets: new Map(), heap: [], empty: 0, keepers: 0 }
}

function siftUp(heap: Bucket[], bucket: Bucket): void {
  let at = heap.length
  heap.push(bucket)
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (heap[parent]!.dueMs <= bucket.dueMs) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = bucket
}

function siftDown(heap: Bucket[], bucket: Bucket, start: number): void {
  let at = start
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && heap[child + 1]!.dueMs < heap[child]!.dueMs) child++
    if (heap[child]!.dueMs >= bucket.dueMs) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = bucket
}
