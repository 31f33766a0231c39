// An operation: what a blocking primitive asks for. The driver either starts it, and the greenlet waits, or does it at
// once, as the original does.
import { TimeoutError, type Blocking } from '@greenhouse/scheduler'
import {
  externalWait,
  externalWaitOver,
  resume,
  resumeError,
  WaitList,
  type Operation,
} from '@greenhouse/scheduler/kernel'
import { placed, type Site } from './errors.ts'
import { inTurn } from './turn.ts'

/** One call of a blocking primitive, not begun yet. */
export interface Op<T = unknown> {
  /** What the dump and the report call it: `fs.readFileSync`. */
  readonly kind: string
  /** Begins the asynchronous form for the current greenlet, whose end or time-out aborts it. */
  start(): Blocking<T>
  /** Runs the original, which really blocks. */
  sync(): T
  /** Who made the call, for the stacks of errors. */
  site?: Site | null
}

/** Makes the operation of one call of a primitive. */
export type Primitive = (self: unknown, args: readonly unknown[]) => Op

/** Ends an operation; later calls do nothing. */
export type Done<T> = (error: unknown, value?: T) => void

/** Begins the work. The function that it may give aborts it, and is called when nobody waits any more. */
export type Begin<T> = (done: Done<T>) => (() => void) | undefined | void

/**
 * Makes an operation of a callback API and of the blocking original.
 *
 * What `begin` throws is what a wrong call throws: the original is asked, which has the right words for it. Where beginning
 * takes milliseconds (`isLong`), many are spread over the turns of the event loop.
 */
export function op<T>(kind: string, begin: Begin<T>, sync: () => T, isLong = false): Op<T> {
  return new Call(kind, begin, sync, isLong)
}

class Call<T> implements Op<T> {
  readonly kind: string
  readonly begin: Begin<T>
  readonly sync: () => T
  readonly isLong: boolean
  site: Site | null = null

  constructor(kind: string, begin: Begin<T>, sync: () => T, isLong: boolean) {
    this.kind = kind
    this.begin = begin
    this.sync = sync
    this.isLong = isLong
  }

  start(): Blocking<T> {
    return new Pending<T>(this).start()
  }
}

/** The one waiter for the world outside. */
class Pending<T> extends WaitList<T> {
  readonly call: Call<T>
  private abort: (() => void) | undefined | void

  constructor(call: Call<T>) {
    super(call.kind)
    this.call = call
  }

  start(): Blocking<T> {
    externalWait()
    const blocking = this.park<T>(undefined, undefined, timedOut)
    if (this.size === 0) return blocking
    if (this.call.isLong) inTurn(() => this.begin())
    else this.begin()
    return blocking
  }

  begin(): void {
    // Given up before its turn came.
    if (this.size === 0) return
    let abort
    try {
      abort = this.call.begin((error, value) => this.end(error, value as T))
    } catch {
      try {
        this.end(null, this.call.sync())
      } catch (error) {
        this.end(error, undefined as T)
      }
    }
    // It may have ended at once: then there is nothing to abort.
    if (this.size > 0) this.abort = abort
  }

  end(error: unknown, value: T): void {
    this.abort = undefined
    const waiter = this.shift()
    if (waiter === null) return
    if (error !== null && error !== undefined) resumeError(waiter, placed(error, this.call.site))
    else resume(waiter, value)
  }

  override withdraw(waiter: Operation): void {
    super.withdraw(waiter)
    externalWaitOver()
    const { abort } = this
    this.abort = undefined
    abort?.()
  }
}

export function timedOut(waiter: Operation, afterMs: number): void {
  resumeError(waiter, new TimeoutError(waiter.source.kind, afterMs))
}
