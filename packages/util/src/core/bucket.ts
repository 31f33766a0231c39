// A bucket of tokens that fills steadily. Instead of counting tokens it keeps the moment at which it will be full: nothing
// runs while nobody waits, and no fractions pile up. Time runs only for the first in line.
//
//   now                  full
//    |--- missing tokens --|        tokens = capacity - (full - now) / msPerToken
import {
  end,
  greenlet,
  scheduleIn,
  type Blocking,
  type Greenlet,
  type WaitOptions,
} from '@greenhouse/scheduler'
import { giveFalse, resume, WaitList, type Operation } from '@greenhouse/scheduler/kernel'
import { now, type Source } from '@greenhouse/scheduler/kernel'

/** What rounding may make of equal moments. */
const EPSILON_MS = 1e-6
/** Timers fire in whole milliseconds: who had to wait for one gets its tokens as of the right moment, so that no time is lost. */
const TIMER_MS = 1

export class Bucket {
  readonly capacity: number
  readonly msPerToken: number
  readonly waiters: WaitList<boolean>
  /** When it will be full. */
  fullAtMs: number = -Infinity
  /** The first in line. */
  head: Operation | null = null
  /** Serves the head when there are tokens enough for it. */
  timer: Greenlet | null = null

  constructor(capacity: number, msPerToken: number, owner: NonNullable<Source['owner']>) {
    this.capacity = capacity
    this.msPerToken = msPerToken
    this.waiters = new WaitList<boolean>('RateLimiter.acquire', () => this.refund(1), owner)
  }

  get tokens(): number {
    const missing = (this.fullAtMs - now() - EPSILON_MS) / this.msPerToken
    return Math.floor(this.capacity - Math.max(0, missing))
  }

  get waiting(): number {
    return this.waiters.size + (this.head === null ? 0 : 1)
  }

  acquire(n: number, options: WaitOptions | undefined): Blocking<boolean> {
    if (this.tryTake(n)) return claimed(this, n, this.waiters.complete(true))
    const blocking = claimed(this, n, this.waiters.park(n, options, giveFalse))
    if (this.head === null) {
      this.head = this.waiters.shift()
      this.serve()
    }
    return blocking
  }

  /** Takes tokens, unless there are too few or somebody came before. */
  tryTake(n: number): boolean {
    if (this.head !== null || this.readyInMs(n) > EPSILON_MS) return false
    this.take(n, now())
    return true
  }

  take(n: number, atMs: number): void {
    this.fullAtMs = Math.max(this.fullAtMs, atMs) + n * this.msPerToken
  }

  /** Milliseconds until there are so many tokens. */
  readyInMs(n: number): number {
    return Math.max(0, this.fullAtMs - now()) + (n - this.capacity) * this.msPerToken
  }

  refund(n: number): void {
    this.fullAtMs -= n * this.msPerToken
    this.serve()
  }

  /** Serves who can be served, and sets the time for the next. */
  serve(): void {
    if (this.timer !== null) end(this.timer)
    this.timer = null
    while (this.head !== null) {
      const operation = this.head
      const n = operation.value as number
      const waitMs = this.readyInMs(n)
      if (waitMs > EPSILON_MS) {
        const { daemon } = operation.scope.greenlet
        this.timer = scheduleIn(
          // Or rounding would make a whole millisecond into two.
          waitMs - EPSILON_MS / 2,
          greenlet(serve, { args: [this], name: 'RateLimiter', daemon }),
        )
        return
      }
      this.take(n, now() - TIMER_MS)
      this.head = this.waiters.shift()
      resume(operation, true)
    }
  }

  withdraw(operation: Operation): void {
    if (operation !== this.head) return this.waiters.withdraw(operation)
    this.head = this.waiters.shift()
    this.serve()
  }
}

function serve(bucket: Bucket): void {
  bucket.timer = null
  bucket.serve()
}

/** What a waiter waits on: it knows how much to give back. */
class Claim implements Source {
  readonly kind: string
  readonly owner: NonNullable<Source['owner']> | null
  readonly bucket: Bucket
  readonly giveBack: () => void

  constructor(bucket: Bucket, n: number) {
    this.kind = bucket.waiters.kind
    this.owner = bucket.waiters.owner
    this.bucket = bucket
    this.giveBack = () => bucket.refund(n)
  }

  withdraw(operation: Operation): void {
    this.bucket.withdraw(operation)
  }
}

function claimed(bucket: Bucket, n: number, blocking: Blocking<boolean>): Blocking<boolean> {
  const operation = blocking as unknown as Operation
  if (n !== 1 || operation.parked) operation.source = new Claim(bucket, n)
  return blocking
}
