// Asynchronous iterators: what belongs to a scope is the pending `next`, not the iterator.
import { takePendingInterruption } from '@greenhouse/scheduler/kernel'
import type { SignalWork } from './signal-work.ts'

type Next = (...args: unknown[]) => Promise<IteratorResult<unknown>>

/** Makes each wait for the next value of an iterator belong to the scope in which it is made. */
export function ownNext<T extends object>(iterator: T, work: SignalWork): T {
  const next = Reflect.get(iterator, 'next') as Next
  return Object.defineProperty(iterator, 'next', {
    configurable: true,
    writable: true,
    value(...args: unknown[]): Promise<IteratorResult<unknown>> {
      const pending = takePendingInterruption()
      if (pending !== null) work.abort(pending.error)
      if (work.cancelled || work.scope !== null) return Reflect.apply(next, iterator, args)
      return work.follow(Reflect.apply(next, iterator, args))
    },
  })
}
