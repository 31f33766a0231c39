// The workers of a pool, from `start` to `close`. What becomes of a job's outcome is the receiver's affair.
import {
  getCurrent,
  GreenhouseError,
  greenlet,
  handleException,
  schedule,
} from '@greenhouse/scheduler'
import type { Blocking, Greenlet, WaitOptions } from '@greenhouse/scheduler'
import {
  complete,
  fail,
  giveFalse,
  refuse,
  resumeError,
  WaitList,
} from '@greenhouse/scheduler/kernel'
import type { Inspectable } from '@greenhouse/scheduler/kernel'
import { isExitOf, isGeneratorFunction, type Body } from './body.ts'
import { Line, type Job } from './line.ts'
import type { poolOptions } from './options.ts'
import { generatorPoolWorker, poolWorker } from './pool-worker.ts'

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
  readonly name: string | undefined
  readonly receiver: Receiver
  readonly owner: Inspectable
  readonly line: Line
  readonly workers: Set<Greenlet> = new Set()
  readonly joiners: WaitList<boolean>
  readonly closers: WaitList<void>
  running = 0
  closing = false

  constructor(
    fn: Body,
    options: ReturnType<typeof poolOptions>,
    receiver: Receiver,
    owner: Inspectable,
  ) {
    this.fn = fn
    this.concurrency = options.concurrency
    this.name = options.name
    this.receiver = receiver
    this.owner = owner
    this.line = new Line(options.maxQueued, owner)
    this.joiners = new WaitList('Pool.join', null, owner)
    this.closers = new WaitList('Pool.close', null, owner)
  }

  /** Whether no job can end any more. */
  get over(): boolean {
    return this.closing && this.line.quiet
  }

  start(): void {
    this.closing = false
    this.closers.wakeAll(undefined)
    this.hire(this.concurrency)
  }

  put(args: unknown[]): Blocking<void> {
    return refuse() ?? this.refuseClosed() ?? this.line.put(args)
  }

  run(args: unknown[]): Blocking<unknown> {
    return refuse() ?? this.refuseClosed() ?? this.line.run(args, this.owner)
  }

  join(options: WaitOptions | undefined): Blocking<boolean> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.workers.has(getCurrent())) {
      return fail(new GreenhouseError('GH_INVALID_STATE', 'A job cannot join its own pool'))
    }
    return this.line.quiet ? complete(true) : this.joiners.park(undefined, options, giveFalse)
  }

  close(): Blocking<void> {
    this.closing = true
    // What was put is done, also when nobody ever called `start`.
    if (this.workers.size === 0) this.hire(Math.min(this.concurrency, this.line.waiting))
    this.line.idle.wakeAll(null)
    this.announce()
    const refused = refuse()
    if (refused !== null) return refused
    const nothingToWaitFor = this.workers.size === 0 || this.workers.has(getCurrent())
    return nothingToWaitFor ? complete(undefined) : this.closers.park(undefined, undefined, never)
  }

  /** The next job for a worker; null sends it home if the pool is still closing then. */
  take(): Blocking<Job | null> {
    const refused = refuse()
    if (refused !== null) return refused
    const job = this.line.next()
    if (job !== null) return this.line.idle.complete(job)
    this.announce()
    return this.closing ? complete(null) : this.line.idle.park(undefined, undefined, never)
  }

  finish(job: Job, failed: boolean, value: unknown): void {
    this.line.unfinished--
    if (job.reply === null) return this.receiver.deliver(job, failed, value)
    if (!failed) return void job.reply.wake(value)
    const caller = job.reply.shift()
    if (caller === null) report(value)
    else resumeError(caller, value)
  }

  /** A worker goes, whatever made it go. */
  leave(worker: Greenlet): void {
    this.workers.delete(worker)
    if (!this.closing || this.line.waiting > 0) this.hire(this.workers.size + 1)
    this.announce()
    if (this.closing && this.workers.size === 0) this.closers.wakeAll(undefined)
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

  announce(): void {
    if (!this.line.quiet) return
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
