// Waits that only the world outside can end. A virtual clock does not jump while there is one.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { TimeoutError } from '@greenhouse/scheduler'
import {
  externalWait,
  externalWaitOver,
  resumeError,
  WaitList,
  type Expire,
  type Operation,
} from '@greenhouse/scheduler/kernel'

/** A FIFO list of those who wait for one thing outside: the readers of a socket, say. */
export class OutsideList<T = unknown> extends WaitList<T> {
  override park<R = T>(
    item: unknown,
    options: WaitOptions | undefined,
    expire: Expire = this.expire,
  ): Blocking<R> {
    externalWait()
    return super.park<R>(item, options, expire)
  }

  override withdraw(operation: Operation): void {
    externalWaitOver()
    super.withdraw(operation)
  }

  private readonly expire: Expire = (operation, afterMs) => {
    resumeError(operation, new TimeoutError(this.kind, afterMs))
  }
}
