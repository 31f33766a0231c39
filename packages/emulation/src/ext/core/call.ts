// One call of a client library that belongs to the scope of its caller. It has one outcome: the library's answer, or the
// reason for which the scope ended; what comes second is dropped.
import { AsyncResource } from 'node:async_hooks'
import {
  attach,
  detach,
  outsideScopes,
  takePendingInterruption,
  Work,
} from '@greenhouse/scheduler/kernel'

/** A callback of Node's kind: an error first. */
export type Callback = (error?: unknown, ...values: never[]) => void

/** The errors by which calls were aborted. */
const reasons = new WeakSet<object>()

/** Answers a call, with an error or with values. */
export type Settle = (error?: unknown, ...values: unknown[]) => void

export class Call extends Work {
  readonly kind: string
  readonly answer: (reason: unknown) => void
  readonly stop: (reason: unknown) => void
  /** Whether there is no outcome yet. */
  open = true

  /** `stop` makes the library forget the call, `answer` tells the caller. */
  constructor(
    kind: string,
    answer: (reason: unknown) => void,
    stop: (reason: unknown) => void = () => {},
  ) {
    super()
    this.kind = kind
    this.answer = answer
    this.stop = stop
    attach(this)
  }

  /** The library has answered; false when that comes too late. */
  close(): boolean {
    if (!this.open) return false
    this.open = false
    detach(this)
    return true
  }

  override abort(reason: unknown): void {
    if (!this.open) return
    this.open = false
    note(reason)
    try {
      this.stop(reason)
    } finally {
      this.answer(reason)
    }
  }
}

/** Answers a call that comes while an interruption waits to be thrown; false where there is none. */
export function refused(settle: Settle): boolean {
  const waiting = takePendingInterruption()
  if (waiting === null) return false
  note(waiting.error)
  process.nextTick(settle, waiting.error)
  return true
}

function note(reason: unknown): void {
  if (typeof reason === 'object' && reason !== null) reasons.add(reason)
}

function isReason(error: unknown): boolean {
  return reasons.has(error as object)
}

const MANUAL = { requireManualDestroy: true }

/** Binds a callback to the caller's async context, whatever is being run when it is called. */
export function bindHere<A extends unknown[]>(fn: (...args: A) => unknown): (...args: A) => void {
  const resource = new AsyncResource('ClientCall', MANUAL)
  return (...args) => {
    outsideScopes(() => {
      resource.runInAsyncScope(fn as (...args: unknown[]) => unknown, undefined, ...args)
    })
  }
}

/** Whom the outcome of a call goes to: a callback, or the promise that stands in for it. */
export interface Consumer<T> {
  /** A promise that rejects by an abort and that nobody consumes stays silent. */
  readonly settle: Settle
  readonly result: Promise<T> | undefined
}

/** The consumer of a call made now; `retrace` gives errors a stack that leads to whoever awaits them. */
export function consumer<T>(
  callback: Callback | undefined,
  { PromiseClass = Promise, retrace = false }: ConsumerOptions = {},
): Consumer<T> {
  if (callback !== undefined) {
    return { settle: bindHere(callback as Settle), result: undefined }
  }
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  let result = new PromiseClass<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  if (retrace) {
    result = result.catch((error: Error) => {
      if (error instanceof Error && !isReason(error)) Error.captureStackTrace(error)
      throw error
    })
  }
  const settle = (error?: unknown, value?: unknown): void => {
    if (!error) return resolve(value as T)
    if (isReason(error)) result.catch(() => {})
    reject(error)
  }
  return { settle, result }
}

export interface ConsumerOptions {
  readonly PromiseClass?: PromiseConstructor | undefined
  readonly retrace?: boolean
}

/** A call that answers with a promise: aborted, it rejects at once, and what arrives `late` is handed over. */
export function ownPromise<T>(
  kind: string,
  begin: () => PromiseLike<T>,
  stop?: (reason: unknown) => void,
  late?: (value: T) => void,
): Promise<T> {
  const { settle, result } = consumer<T>(undefined)
  if (refused(settle)) return result!
  const begun = begin()
  const call = new Call(kind, settle, stop)
  begun.then(
    (value) => (call.close() ? settle(undefined, value) : late?.(value)),
    (error: unknown) => {
      if (call.close()) settle(error)
    },
  )
  return result!
}
