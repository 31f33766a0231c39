// A call with a callback, which hears once: of the outcome, or before it of the abort. What is behind it may run on; its
// outcome then comes to nobody.
import { AsyncResource } from 'node:async_hooks'
import { attach, detach, takePendingInterruption } from '@greenhouse/scheduler/kernel'
import { CallWork } from './call-work.ts'
import type { Replacement } from './originals.ts'
import type { Callable, Owned } from './wrapper.ts'

/** The replacements for calls of a module that nothing but their callback can be cut off. */
export function callbackCalls(
  module: string,
  target: object,
  keys: readonly string[],
): Replacement[] {
  return keys.map((key) => ({ target, key, owned: ownedBy(`${module}.${key}`) }))
}

function ownedBy(kind: string): Owned {
  return (original, self, args) => {
    // Options may be left out: Node, too, takes the first function for the callback.
    const at = args.findIndex((given, index) => index > 0 && typeof given === 'function')
    if (at < 0) return Reflect.apply(original, self, args)
    return followCallback(new CallWork(kind), args[at] as Callable, (heard) =>
      Reflect.apply(original, self, args.with(at, heard)),
    )
  }
}

/**
 * Makes a call that begins with `begin` belong to the current scope until its callback is called. What `begin` throws is
 * thrown, and the callback then never called.
 */
export function followCallback(
  work: CallWork,
  callback: Callable,
  begin: (heard: Callable) => unknown,
): unknown {
  // An abort comes in the context of the scope, the callback in that of its caller.
  const context = new AsyncResource(work.kind, { requireManualDestroy: true })
  const tell = (error: unknown): unknown => context.runInAsyncScope(callback, undefined, error)
  work.reject = (error) => process.nextTick(tell, error)
  const pending = takePendingInterruption()
  if (pending !== null) work.refuse(pending.error)
  let over = false
  const result = begin(function (this: unknown, ...outcome: unknown[]): unknown {
    over = true
    detach(work)
    return work.cancelled ? undefined : Reflect.apply(callback, this, outcome)
  })
  if (pending !== null) work.abort(pending.error)
  else if (!over) attach(work)
  return result
}
