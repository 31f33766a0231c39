// `new Promise(executor)`: the executor runs inside of the caller.
import { attachTwin, Frame, link, SUSPEND, twinOf, type Callable, type Twin } from './convention.ts'

export function installPromiseTwins(): void {
  const original = Promise as unknown as Callable
  const twin: Twin = function (...args) {
    return Reflect.apply(original, this, args)
  }
  twin.construct = (args, newTarget) => {
    const executor = twinOf(args[0])
    if (executor === undefined || newTarget !== original) {
      return Reflect.construct(original, args, newTarget)
    }
    return new Executing().go(executor)
  }
  attachTwin(original, twin)
}

class Executing extends Frame {
  fulfil!: (value: unknown) => void
  reject!: (error: unknown) => void
  readonly promise: Promise<unknown> = new Promise((fulfil, reject) => {
    this.fulfil = fulfil
    this.reject = reject
  })

  go(executor: Twin): unknown {
    try {
      const result = Reflect.apply(executor, undefined, [this.fulfil, this.reject])
      if (result === SUSPEND) return link(this)
    } catch (error) {
      this.reject(error)
    }
    return this.promise
  }

  resume(value: unknown, isError: boolean): unknown {
    if (isError) this.reject(value)
    return this.promise
  }
}
