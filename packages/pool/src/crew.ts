// The workers of a pool and the jobs that wait for them. What becomes of a job's outcome is the receiver's affair.
//
//   put -> putters (while `maxQueued` is reached) -> queued -> a worker -> receiver
import { getCurrent, GreenhouseError, greenlet, handleException, schedule } from '@greenhouse/scheduler'
import type { Blocking, Greenlet, WaitOptions } from '@greenhouse/scheduler'
import { complete, fail, giveFalse, refuse, resume, resumeError, WaitList } from '@greenhouse/scheduler/kernel'
import type { Inspectable } from '@greenhouse/scheduler/kernel'
import { isExitOf, isGeneratorFunction, type Body } from './body.ts'
import { Deque } from './deque.ts'
import type { poolOptions } from './options.ts'
import { generatorPoolWorker, poolWorker } from './pool-worker.ts'

/** One call to be made. */
export interface Job {
  readonly args: unknown[]
  /** Where the caller of `run` waits for the outcome; null for `put`. */
  readonly reply: WaitList | null
  /** The place in the order of acceptance. */
  place: number
}

/** What is done with outcomes. */
export interface Receiver {
  /** A job that was put is done. */
  deliver(job: Job, failed: boolean, value: unknown): void
  /** The pool is closed and all its jobs are done. */
  ended(): void
}

export class Crew {
  readonly fn: Body
  readonly concurrency: number
  readonly maxQueued: number
  readonly name: string | undefined
  readonly receiver: Receiver
  readonly owner: Inspectable
  readonly workers: Set<Greenlet> = new Set()
  readonly queued: Deque<Job> = new Deque()
  readonly idle: WaitList<Job | null>
  readonly putters: WaitList<void>
  readonly joiners: WaitList<boolean>
  readonly closers: WaitList<void>
  accepted = 0
  /** Jobs that were accepted and are not done. */
  unfinished = 0
  running = 0
  started = false
  closing = false

  constructor(fn: Body, options: ReturnType<typeof poolOptions>, receiver: Receiver, owner: Inspectable) {
    this.fn = fn
    this.concurrency = options.concurrency
    this.maxQueued = options.maxQueued
    this.name = options.name
    this.receiver = receiver
    this.owner = owner
    this.idle = new WaitList('Pool worker', (job) => this.takeBack(job), owner)
    this.putters = new WaitList('Pool.put', null, owner)
    this.joiners = new WaitList('Pool.join', null, owner)
    this.closers = new WaitList('Pool.close', null, owner)
  }

  /** Whether nothing is left to be done. */
  get quiet(): boolean {
    return this.unfinished === 0 && this.putters.size === 0
  }

  /** Whether no job can end any more. */
  get over(): boolean {
    return this.closing && this.quiet
  }

  start(): void {
    this.started = true
    this.closing = false
    this.closers.wakeAll(undefined)
    this.hire(this.concurrency)
  }

  put(args: unknown[]): Blocking<void> {
    const refused = refuse() ?? this.refuseClosed()
    if (refused !== null) return refused
    const job: Job = { args, reply: null, place: -1 }
    const full = this.queued.length >= this.maxQueued && this.idle.size === 0
    if (full) return this.putters.park(job, undefined, never)
    this.accept(job)
    return complete(undefined)
  }

  run(args: unknown[]): Blocking<unknown> {
    const refused = refuse() ?? this.refuseClosed()
    if (refused !== null) return refused
    const reply = new WaitList('Pool.run', null, this.owner)
    const waiting = reply.park(undefined, undefined, never)
    this.accept({ args, reply, place: -1 })
    return waiting
  }

  join(options: WaitOptions | undefined): Blocking<boolean> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.workers.has(getCurrent())) {
      return fail(new GreenhouseError('GH_INVALID_STATE', 'A job cannot join its own pool'))
    }
    return this.quiet ? complete(true) : this.joiners.park(undefined, options, giveFalse)
  }

  close(): Blocking<void> {
    this.closing = true
    // What was put is done, also when nobody ever called `start`.
    if (this.workers.size === 0) this.hire(Math.min(this.concurrency, this.waiting))
    this.idle.wakeAll(null)
    this.announce()
    const refused = refuse()
    if (refused !== null) return refused
    const nothingToWaitFor = this.workers.size === 0 || this.workers.has(getCurrent())
    return nothingToWaitFor ? complete(undefined) : this.closers.park(undefined, undefined, never)
  }

  /** The next job for a worker; null sends it home. */
  take(): Blocking<Job | null> {
    const refused = refuse()
    if (refused !== null) return refused
    const job = this.nextJob()
    if (job !== null) return this.idle.complete(job)
    this.announce()
    return this.closing ? complete(null) : this.idle.park(undefined, undefined, never)
  }

  finish(job: Job, failed: boolean, value: unknown): void {
    this.unfinished--
    if (job.reply === null) return this.receiver.deliver(job, failed, value)
    if (!failed) return void job.reply.wake(value)
    const caller = job.reply.shift()
    if (caller === null) report(value)
    else resumeError(caller, value)
  }

  /** A worker is going, whatever made it go. */
  leave(worker: Greenlet): void {
    this.workers.delete(worker)
    if (!this.closing || this.waiting > 0) this.hire(this.workers.size + 1)
    this.announce()
    if (this.closing && this.workers.size === 0) this.closers.wakeAll(undefined)
  }

  /** Jobs that no worker has taken yet. */
  get waiting(): number {
    return this.queued.length + this.putters.size
  }

  hire(upTo: number): void {
    const work = isGeneratorFunction(this.fn) ? generatorPoolWorker : poolWorker
    while (this.workers.size < upTo) {
      const worker = greenlet(work as typeof poolWorker, { args: [this] })
      if (this.name !== undefined) worker.name = `${this.name} worker`
      this.workers.add(worker)
      schedule(worker)
    }
  }

  accept(job: Job): void {
    this.admit(job)
    if (!this.idle.wake(job)) this.queued.push(job)
  }

  admit(job: Job): Job {
    job.place = job.reply === null ? this.accepted++ : -1
    this.unfinished++
    return job
  }

  nextJob(): Job | null {
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

  /** A worker that was handed a job has been ended before it could begin. */
  takeBack(job: Job | null): void {
    if (job !== null && !this.idle.wake(job)) this.queued.unshift(job)
  }

  announce(): void {
    if (!this.quiet) return
    this.joiners.wakeAll(true)
    if (this.closing) this.receiver.ended()
  }

  refuseClosed(): Blocking<never> | null {
    if (!this.closing) return null
    const name = this.name === undefined ? 'The pool' : `The pool "${this.name}"`
    return fail(new GreenhouseError('GH_CLOSED', `${name} is closed: start() opens it again`))
  }
}

/** Hands an error that nobody waits for to the exception handlers; the end of a worker is no error. */
export function report(error: unknown): void {
  if (!isExitOf(error, getCurrent())) handleException(error)
}

function never(): void {}
