// A line of requests, served in order of arrival. The first can be looked at before it is served.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { TimeoutError } from '@greenhouse/scheduler'
import {
  externalWait,
  externalWaitOver,
  resume,
  resumeError,
  WaitList,
  type Operation,
  type Source,
} from '@greenhouse/scheduler/kernel'
import { OutsideList } from './outside.ts'

/** A request is what its operation waits on; `withdraw` takes it out of its line. */
export interface Request extends Source {
  /** How far it had got when its time was up. */
  readonly bytesWritten?: number
}

export class Line<R extends Request> {
  /** @internal */
  readonly list: WaitList<unknown>
  /** @internal Whether only the world outside can end these waits. */
  readonly outside: boolean
  /** @internal */
  front: Operation | null = null

  constructor(kind: string, owner: Source['owner'], outside: boolean) {
    this.outside = outside
    // What goes back is the business of each request.
    this.list = new (outside ? OutsideList : WaitList)(kind, nothing, owner)
  }

  get size(): number {
    return this.list.size + (this.front === null ? 0 : 1)
  }

  /** Makes the caller wait; with a time-out of 0 it has failed when this returns. */
  park<T>(request: R, options: WaitOptions | undefined): Blocking<T> {
    const blocking = this.list.park<T>(request, options, expire)
    const operation = blocking as unknown as Operation
    if (operation.parked) operation.source = request
    return blocking
  }

  /** An operation that is complete at once, of a request that takes back what nobody consumes. */
  complete<T>(request: R, value: T): Blocking<T> {
    const blocking = this.list.complete(value) as Blocking<T>
    const operation = blocking as unknown as Operation
    operation.source = request
    return blocking
  }

  /** The request whose turn it is; null when nobody waits. */
  get first(): R | null {
    if (this.front === null) {
      this.front = this.list.shift()
      if (this.front === null) return null
      if (this.outside) externalWait()
    }
    return this.front.value as R
  }

  /** Gives the first its outcome. */
  resume(value: unknown): void {
    resume(this.leave(), value)
  }

  /** Fails the first. */
  fail(error: unknown): void {
    resumeError(this.leave(), error)
  }

  failAll(makeError: () => unknown): void {
    for (let left = this.size; left > 0; left--) if (this.first !== null) this.fail(makeError())
  }

  withdraw(operation: Operation): void {
    if (operation === this.front) this.leave()
    else this.list.withdraw(operation)
  }

  /** @internal */
  leave(): Operation {
    const operation = this.front!
    this.front = null
    if (this.outside) externalWaitOver()
    return operation
  }
}

function nothing(): void {}

function expire(operation: Operation, afterMs: number): void {
  const { kind, bytesWritten } = operation.value as Request
  const error = new TimeoutError(kind, afterMs)
  resumeError(
    operation,
    bytesWritten === undefined ? error : Object.assign(error, { bytesWritten }),
  )
}
