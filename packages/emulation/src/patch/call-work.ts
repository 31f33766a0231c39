// A call that returns a promise, and belongs to the scope that made it until then. It is rejected without an AbortSignal.
import {
  attach,
  detach,
  takePendingInterruption,
  Work,
  type WorkScope,
} from '@greenhouse/scheduler/kernel'
import { AbortError, ignore } from './abort-error.ts'

/** Takes back a value that came too late: closes it, say. */
export type GiveBack<T> = (value: T) => void

export class CallWork extends Work {
  readonly kind: string
  cancelled: boolean = false
  promise: Promise<unknown> | null = null
  reject: (error: unknown) => void = ignore

  constructor(kind: string) {
    super()
    this.kind = kind
  }

  override abort(reason: unknown): boolean | void {
    this.refuse(reason)
    // One that nobody waits for is silent.
    this.promise?.catch(ignore)
    this.reject(new AbortError(reason))
  }

  /** Marks it as aborted: what comes now comes to nobody. */
  refuse(_reason: unknown): void {
    this.cancelled = true
  }

  /** Makes a call that has begun belong to the current scope; what comes after an abort is given back or dropped. */
  follow<T>(begun: PromiseLike<T>, giveBack?: GiveBack<T>): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      this.reject = reject
      begun.then(
        (value) => {
          detach(this)
          if (!this.cancelled) resolve(value)
          else giveBack?.(value)
        },
        (error: unknown) => {
          detach(this)
          reject(error)
        },
      )
    })
    this.promise = promise
    attach(this)
    return promise
  }
}

/** What a call gets instead of being made where an interruption waits to be thrown; null where it is to be made. */
export function refused(scope?: WorkScope): Promise<never> | null {
  const pending = takePendingInterruption(scope)
  if (pending === null) return null
  const promise = Promise.reject(new AbortError(pending.error))
  promise.catch(ignore)
  return promise
}

/** A call that nothing but its promise can be cut off: what is behind it runs on. */
export function followCall<T>(
  kind: string,
  begin: () => PromiseLike<T>,
  giveBack?: GiveBack<T>,
): Promise<T> {
  return refused() ?? new CallWork(kind).follow(begin(), giveBack)
}
