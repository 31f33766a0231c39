// Running a function while something is held.
import { withTimeout, type Blocking, type Steps, type WaitOptions } from '@greenhouse/scheduler'
import { checkFunction, refuse } from '@greenhouse/scheduler/kernel'
import type { Held } from './grant.ts'

const generatorFunction: unknown = Object.getPrototypeOf(function* () {})

/**
 * Takes hold, runs `fn` in the current greenlet, and lets go when it has finished. An async body that is cut off on a promise
 * nobody can interrupt still runs: what is held is released when it is through, not before.
 */
export function runHolding(
  hold: (options?: WaitOptions) => Blocking<Held>,
  fn: unknown,
  options?: WaitOptions,
): Blocking<unknown> {
  checkFunction('fn', fn)
  return (
    refuse(options) ??
    withTimeout(Infinity, function* () {
      const held = yield* hold(options)
      const body = new Body(fn as () => unknown)
      try {
        return yield* body.steps()
      } finally {
        body.whenOver(() => held.release())
      }
    })
  )
}

/** A call of an async, generator or plain function, whose real end can be heard of. */
class Body {
  readonly fn: () => unknown
  running: PromiseLike<unknown> | null = null

  constructor(fn: () => unknown) {
    this.fn = fn
  }

  steps(): Steps<unknown> {
    const { fn } = this
    if (Object.getPrototypeOf(fn) === generatorFunction) return fn() as Steps<unknown>
    return this.region()
  }

  *region(): Steps<unknown> {
    return yield* withTimeout(Infinity, () => {
      const result = this.fn()
      if (isThenable(result)) this.follow(result)
      return result as Steps<unknown>
    })
  }

  follow(promise: PromiseLike<unknown>): void {
    const over = (): void => {
      this.running = null
    }
    this.running = promise
    promise.then(over, over)
  }

  whenOver(act: () => void): void {
    if (this.running === null) act()
    else this.running.then(act, act)
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}
