// Running a function with something that is closed afterwards.
import { shield, withTimeout, type Blocking, type Steps } from '@greenhouse/scheduler'
import { refuse } from '@greenhouse/scheduler/kernel'

/** What can be closed. */
export interface Closable {
  close(): Blocking<void>
}

const generatorFunction: unknown = Object.getPrototypeOf(function* () {})

/** Runs it in the current greenlet; closes also where it was never run. */
export function runClosing<C extends Closable, R>(
  closable: C,
  fn: (it: C) => R,
): Blocking<unknown> {
  const refused = refuse()
  if (refused !== null) {
    closable.close().catch(() => {})
    return refused
  }
  return withTimeout(Infinity, function* () {
    try {
      if (Object.getPrototypeOf(fn) === generatorFunction)
        return yield* fn(closable) as Steps<unknown>
      return yield* withTimeout(Infinity, () => fn(closable) as PromiseLike<unknown>)
    } finally {
      yield* shield(() => closable.close())
    }
  })
}
