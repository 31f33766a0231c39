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
    expire: Expire = timedOut(this.kind),
  ): Blocking<R> {
    externalWait()
    return super.park<R>(item, options, expire)
  }

  override withdraw(operation: Operation): void {
    externalWaitOver()
    super.withdraw(operation)
  }
}

const expiries = new Map<string, Expire>()

/** One function for all waits of a kind: a list need not hold its own. */
function timedOut(kind: string): Expire {
  let expire = expiries.get(kind)
  if (expire === undefined) {
    expire = (operation, afterMs) => resumeError(operation, new TimeoutError(kind, afterMs))
    expiries.set(kind, expire)
  }
  return expire
}
