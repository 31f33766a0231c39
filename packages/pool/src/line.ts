// The jobs of a pool that wait for a worker, and the workers that wait for a job: one of the two is always empty.
//
//   put -> putters (while `maxQueued` is reached) -> queued -> idle workers
import type { Blocking } from '@greenhouse/scheduler'
import { complete, resume, WaitList, type Inspectable } from '@greenhouse/scheduler/kernel'
import { Deque } from './deque.ts'

/** One call to be made. */
export interface Job {
  readonly args: unknown[]
  /** Where the caller of `run` waits for the outcome; null for `put`. */
  readonly reply: WaitList | null
  /** The place in the order of acceptance; -1 for `run`. */
  place: number
}

export class Line {
  readonly maxQueued: number
  readonly queued: Deque<Job> = new Deque()
  readonly idle: WaitList<Job | null>
  readonly putters: WaitList<void>
  /** Jobs that were accepted and are not done. */
  unfinished = 0
  puts = 0

  constructor(maxQueued: number, owner: Inspectable) {
    this.maxQueued = maxQueued
    this.idle = new WaitList('Pool worker', (job) => this.takeBack(job), owner)
    this.putters = new WaitList('Pool.put', null, owner)
  }

  /** Jobs that no worker has taken yet. */
  get waiting(): number {
    return this.queued.length + this.putters.size
  }

  /** Whether nothing is left to be done. */
  get quiet(): boolean {
    return this.unfinished === 0 && this.putters.size === 0
  }

  put(args: unknown[]): Blocking<void> {
    const job: Job = { args, reply: null, place: -1 }
    const full = this.queued.length >= this.maxQueued && this.idle.size === 0
    if (full) return this.putters.park(job, undefined, never)
    this.accept(job)
    return complete(undefined)
  }

  run(args: unknown[], owner: Inspectable): Blocking<unknown> {
    const reply = new WaitList('Pool.run', null, owner)
    const waiting = reply.park(undefined, undefined, never)
    this.accept({ args, reply, place: -1 })
    return waiting
  }

  /** The next job that somebody still wants, null when there is none. */
  next(): Job | null {
    for (;;) {
      let job = this.queued.length > 0 ? this.queued.shift() : null
      const room = job === null || this.queued.length < this.maxQueued
      const putter = room ? this.putters.shift() : null
      if (putter !== null) {
        const admitted = this.admit(putter.value as Job)
        resume(putter, undefined)
        if (job === null) job = admitted
        else this.queued.push(admitted)
      }
      // The caller of `run` may have gone while its job waited.
      if (job === null || job.reply === null || job.reply.size > 0) return job
      this.unfinished--
    }
  }

  accept(job: Job): void {
    this.admit(job)
    if (!this.idle.wake(job)) this.queued.push(job)
  }

  admit(job: Job): Job {
    if (job.reply === null) job.place = this.puts++
    this.unfinished++
    return job
  }

  /** A worker that was handed a job has been ended before it could begin. */
  takeBack(job: Job | null): void {
    if (job !== null && !this.idle.wake(job)) this.queued.unshift(job)
  }
}

function never(): void {}
