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
  first: Timer | null
  last: Timer | null
}

let clock: Clock
let buckets = new Map<number, Bucket>()
let heap: Bucket[] = []
let empty = 0
let keepers = 0
let armedMs = Infinity
let armedKeeps = false

export function currentClock(): Clock {
  return clock
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
  const kept = { buckets, heap, empty, keepers }
  buckets = new Map()
  heap = []
  empty = keepers = 0
  return () => {
    ;({ buckets, heap, empty, keepers } = kept)
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
  let bucket = buckets.get(dueMs)
  if (bucket === undefined) {
    bucket = { dueMs, first: null, last: null }
    buckets.set(dueMs, bucket)
    siftUp(bucket)
  } else if (bucket.first === null) empty--
  timer.bucket = bucket
  timer.earlier = bucket.last
  if (bucket.last === null) bucket.first = timer
  else bucket.last.later = timer
  bucket.last = timer
  if (timer.keepsProcess) keepers++
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
  if (bucket.first === null && ++empty > 64 && empty * 2 > heap.length) compact()
  if (timer.keepsProcess && --keepers === 0) rearm()
}

/** How many milliseconds until the next timer: Infinity when there is none. */
export function nextDueMs(): number {
  dropEmpty()
  return heap.length === 0 ? Infinity : heap[0]!.dueMs
}

/** How many timers keep the process alive. */
export function keepingTimers(): number {
  return keepers
}

function fireDue(): void {
  armedMs = Infinity
  const nowMs = clock.now()
  for (;;) {
    dropEmpty()
    const bucket = heap[0]
    if (bucket === undefined || bucket.dueMs > nowMs) break
    const timer = bucket.first!
    stopTimer(timer)
    timer.fire()
  }
  rearm()
}

function rearm(): void {
  const dueMs = nextDueMs()
  const keeps = keepers > 0
  if (dueMs === armedMs && keeps === armedKeeps) return
  armedKeeps = keeps
  if (dueMs === Infinity) {
    if (armedMs !== Infinity) clock.disarm()
  } else clock.arm(dueMs, keeps, fireDue)
  armedMs = dueMs
}

function dropEmpty(): void {
  while (heap.length > 0 && heap[0]!.first === null) {
    buckets.delete(heap[0]!.dueMs)
    empty--
    const last = heap.pop()!
    if (heap.length > 0) siftDown(last, 0)
  }
}

function compact(): void {
  const live = heap.filter((bucket) => bucket.first !== null)
  for (const bucket of heap) if (bucket.first === null) buckets.delete(bucket.dueMs)
  live.sort((a, b) => a.dueMs - b.dueMs)
  heap = live
  empty = 0
}

function siftUp(bucket: Bucket): void {
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

function siftDown(bucket: Bucket, start: number): void {
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
