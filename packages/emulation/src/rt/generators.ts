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
import { checkedResult } from './iterate.ts'
import { runBlocking } from './mode.ts'
import { methodsOf, objectOf, Returning, Yielded, type Steps, type Way } from './stepping.ts'

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
const natural: object = Object.getPrototypeOf(function* () {}.prototype)
const methods = methodsOf(methodOf)

/** The object for a started body; `owner` is the function that was called. */
export function makeGenerator(steps: Steps, owner: Callable | undefined): object {
  const made = objectOf(owner, natural, methods)
  all.set(made, new Running(steps))
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
      const left = checkedResult(result)
      if (left.done === true) yield new Returning(left.value)
      result = left
    } else result = call('next', inner, next, sent)
    if (result === SUSPEND) result = yield at
    const step = checkedResult(result)
    if (step.done === true) return step.value
    try {
      sent = yield new Yielded(step.value, true)
    } catch (error) {
      failure = { error }
    }
  }
}
