// The objects that generator functions with a twin give. The body yields marks for its own yields and nothing else for a
// suspension; `next`, `return` and `throw` have twins, so that who drives it can be suspended with it.
import {
  attachTwin,
  Frame,
  isObject,
  link,
  SUSPEND,
  type Callable,
  type Place,
  type Stepper,
} from './convention.ts'
import { call } from './call.ts'
import { runBlocking } from './mode.ts'

type Steps = Generator<unknown, unknown, unknown>
type Way = 'next' | 'return' | 'throw'

/** What the body yields to yield a value. */
export class Yielded {
  readonly value: unknown
  /** From a `yield*`, which hears of a return itself. */
  readonly delegated: boolean

  constructor(value: unknown, delegated: boolean) {
    this.value = value
    this.delegated = delegated
  }
}

export function yielded(value: unknown): Yielded {
  return new Yielded(value, false)
}

/** Tells a `yield*` that the generator around it is to return. */
class Returning {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

/** A generator with a twin. */
class Running {
  readonly steps: Steps
  suspended = false
  delegating = false

  constructor(steps: Steps) {
    this.steps = steps
  }

  go(way: Way, value: unknown): unknown {
    if (this.suspended) throw new TypeError('Generator is already running')
    const { steps, delegating } = this
    if (way === 'return' && delegating) return this.took(steps.next(new Returning(value)))
    return this.took(way === 'next' ? steps.next(value) : steps[way](value))
  }

  took(step: IteratorResult<unknown, unknown>): unknown {
    for (;;) {
      this.delegating = false
      if (step.done === true) return { value: step.value, done: true }
      const mark = step.value
      if (mark instanceof Returning) step = this.steps.return(mark.value)
      else if (mark instanceof Yielded) {
        this.delegating = mark.delegated
        return { value: mark.value, done: false }
      } else {
        this.suspended = true
        return link(new YieldFrame(this, mark as Place))
      }
    }
  }
}

class YieldFrame extends Frame {
  readonly running: Running
  readonly at: Place

  constructor(running: Running, at: Place) {
    super()
    this.running = running
    this.at = at
  }

  override place(): Place {
    return this.at
  }

  resume(value: unknown, isError: boolean): unknown {
    const { running } = this
    running.suspended = false
    return running.took(isError ? running.steps.throw(value) : running.steps.next(value))
  }
}

const all = new WeakMap<object, Running>()
const generatorPrototype: object = Object.getPrototypeOf(function* () {}.prototype)
const ways = (['next', 'return', 'throw'] as const).map((way) => ({ way, fn: methodOf(way) }))

/** The object for a started body; `owner` is the function that was called. */
export function makeGenerator(steps: Steps, owner: Callable | undefined): object {
  const given: unknown = owner?.prototype
  const prototype = isObject(given) ? given : generatorPrototype
  const made: object = Object.create(prototype)
  all.set(made, new Running(steps))
  const target = prototype === generatorPrototype ? made : prototype
  if ((target as { next?: unknown }).next !== ways[0]!.fn) {
    for (const { way, fn } of ways) {
      Object.defineProperty(target, way, { value: fn, writable: true, configurable: true })
    }
  }
  return made
}

function methodOf(way: Way): Callable {
  const fn = {
    [way](this: object, value: unknown): unknown {
      return runBlocking(() => runningOf(this, way).go(way, value))
    },
  }[way]!
  attachTwin(fn, function (value: unknown) {
    return runningOf(this, way).go(way, value)
  })
  return fn
}

function runningOf(self: unknown, way: Way): Running {
  const running = isObject(self) ? all.get(self) : undefined
  if (running === undefined) {
    throw new TypeError(`${way} method called on incompatible receiver ${String(self)}`)
  }
  return running
}

/** `yield*`: drives another iterator, whose steps may be suspended; `at` is where that stands. */
export function* delegate(iterable: never, at: Place): Generator<unknown, unknown, unknown> {
  const method = (iterable as Iterable<unknown>)[Symbol.iterator]
  let result = call('iterator method', iterable, method)
  if (result === SUSPEND) result = yield at
  const inner = result as Stepper
  const { next } = inner
  let sent: unknown
  let failure: { error: unknown } | null = null
  for (;;) {
    if (failure !== null) {
      const { error } = failure
      failure = null
      if (inner.throw === undefined || inner.throw === null) {
        result =
          inner.return === undefined || inner.return === null
            ? {}
            : call('return', inner, inner.return)
        if (result === SUSPEND) yield at
        throw new TypeError("The iterator does not provide a 'throw' method")
      }
      result = call('throw', inner, inner.throw, error)
    } else if (sent instanceof Returning) {
      if (inner.return === undefined || inner.return === null) yield sent
      result = call('return', inner, inner.return, sent.value)
      if (result === SUSPEND) result = yield at
      const left = checked(result)
      if (left.done === true) yield new Returning(left.value)
      result = left
    } else result = call('next', inner, next, sent)
    if (result === SUSPEND) result = yield at
    const step = checked(result)
    if (step.done === true) return step.value
    try {
      sent = yield new Yielded(step.value, true)
    } catch (error) {
      failure = { error }
    }
  }
}

function checked(result: unknown): IteratorResult<unknown, unknown> {
  if (!isObject(result)) throw new TypeError(`Iterator result ${String(result)} is not an object`)
  return result as IteratorResult<unknown, unknown>
}
