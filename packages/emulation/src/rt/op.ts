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

/** One call of a blocking primitive, not begun yet. */
export interface Op<T = unknown> {
  /** What the dump and the report call it: `fs.readFileSync`. */
  readonly kind: string
  /** Begins the asynchronous form for the current greenlet, whose end or time-out aborts it. */
  start(): Blocking<T>
  /** Runs the original, which really blocks. */
  sync(): T
  /** With what it has failed, if not its scope was interrupted. */
  failure?: unknown
  /** Whether it cannot fail: then nobody needs to know who has made the call. */
  isSure?: boolean
}

/** Makes the operation of one call of a primitive. */
export type Primitive = (self: unknown, args: readonly unknown[]) => Op

/** Ends an operation; later calls do nothing. */
export type Done<T> = (error: unknown, value?: T) => void

/** Begins the work. The function that it may give aborts it, and is called when nobody waits any more. */
export type Begin<T> = (done: Done<T>) => (() => void) | undefined | void

/** Decides when work begins: calls `begin` at once or later, with what is to be called when the work is over. */
export type Admission = (begin: (over: () => void) => void) => void

/**
 * Makes an operation of a callback API and of the blocking original.
 *
 * What `begin` throws is what a wrong call throws: the original is asked, which has the right words for it.
 */
export function op<T>(
  kind: string,
  begin: Begin<T>,
  sync: () => T,
  admission: Admission | null = null,
): Op<T> {
  return new Call(kind, begin, sync, admission)
}

class Call<T> implements Op<T> {
  readonly kind: string
  readonly begin: Begin<T>
  readonly sync: () => T
  readonly admission: Admission | null
  failure: unknown = undefined
  isSure: boolean = false

  constructor(kind: string, begin: Begin<T>, sync: () => T, admission: Admission | null) {
    this.kind = kind
    this.begin = begin
    this.sync = sync
    this.admission = admission
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
    const { admission } = this.call
    if (admission === null) this.begin(nothing)
    else admission((over) => this.begin(over))
    return blocking
  }

  begin(over: () => void): void {
    // Given up before its turn came.
    if (this.size === 0) return over()
    let abort
    try {
      abort = this.call.begin((error, value) => {
        over()
        this.end(error, value as T)
      })
    } catch {
      over()
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
    if (error !== null && error !== undefined) {
      this.call.failure = error
      resumeError(waiter, error)
    } else resume(waiter, value)
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

function nothing(): void {}
