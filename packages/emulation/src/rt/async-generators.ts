// The objects that async generator functions with a twin give. As in the language, who asks for a value runs the body inside of
// itself until the first `await`; from there on the body runs by itself, and who asks meanwhile waits in line.
import { Awaited, detached, goOnAfter } from './async-run.ts'
import { attachTwin, Frame, isObject, link, type Callable, type Place } from './convention.ts'
import { runBlocking } from './mode.ts'
import { isRoot } from './root.ts'
import { methodsOf, objectOf, Returning, Yielded, type Steps, type Way } from './stepping.ts'

const all = new WeakMap<object, AsyncRunning>()
const natural: object = Object.getPrototypeOf(async function* () {}.prototype)

/** The object for a started body; `owner` is the function that was called. */
export function makeAsyncGenerator(steps: Steps, owner: Callable | undefined): object {
  const made = objectOf(owner, natural, methods)
  all.set(made, new AsyncRunning(steps))
  return made
}

/** One call of `next`, `return` or `throw`. */
class Request {
  readonly way: Way
  readonly value: unknown
  fulfil!: (step: IteratorResult<unknown, unknown>) => void
  reject!: (error: unknown) => void
  readonly promise: Promise<unknown> = new Promise((fulfil, reject) => {
    this.fulfil = fulfil
    this.reject = reject
  })

  constructor(way: Way, value: unknown) {
    this.way = way
    this.value = value
  }
}

/** An async generator with a twin. */
class AsyncRunning extends Frame {
  readonly steps: Steps
  readonly requests: Request[] = []
  state: 'new' | 'yields' | 'runs' | 'over' = 'new'
  /** Whether it stands in a `yield*`, which hears of a return itself. */
  delegating = false
  /** Whether it awaits what it is to return. */
  returning = false
  /** What the caller gets that the body runs inside of. */
  given: Promise<unknown> | null = null
  /** Where it was suspended or awaits. */
  at: Place | null = null

  constructor(steps: Steps) {
    super()
    this.steps = steps
  }

  override place(): Place | null {
    return this.at
  }

  /** Gives a promise; or SUSPEND. */
  ask(request: Request): unknown {
    this.requests.push(request)
    if (this.state === 'runs' || this.returning) return request.promise
    this.given = request.promise
    return this.serve()
  }

  serve(): unknown {
    for (let next = this.requests[0]; next !== undefined; next = this.requests[0]) {
      const { way, value } = next
      if (this.state === 'new' && way !== 'next') this.state = 'over'
      if (way === 'return') return this.awaitReturn(value)
      if (this.state !== 'over') {
        const result = this.run(way, value)
        if (result !== ANSWERED) return result
      } else if (way === 'throw') this.fail(value)
      else this.answer({ value: undefined, done: true })
    }
    return this.given
  }

  /** What is to be returned is awaited first, by a body that is over, too. */
  awaitReturn(value: unknown): unknown {
    this.returning = true
    try {
      goOnAfter(value, this)
    } catch (error) {
      return this.resume(error, true)
    }
    return this.given
  }

  resume(value: unknown, isError: boolean): unknown {
    let way: Way = isError ? 'throw' : 'next'
    if (this.returning) {
      this.returning = false
      if (this.state === 'over') {
        if (isError) this.fail(value)
        else this.answer({ value, done: true })
        return this.serve()
      }
      if (!isError && this.delegating) value = new Returning(value)
      else if (!isError) way = 'return'
    }
    const result = this.run(way, value)
    return result === ANSWERED ? this.serve() : result
  }

  /** Runs the body until it has answered a request, awaits something, or is suspended. */
  run(way: Way, value: unknown): unknown {
    this.state = 'runs'
    for (;;) {
      let mark: unknown
      try {
        const step = this.steps[way](value as never)
        if (step.done === true) {
          this.state = 'over'
          return this.answer({ value: step.value, done: true })
        }
        mark = step.value
      } catch (error) {
        this.state = 'over'
        return this.fail(error)
      }
      this.delegating = false
      if (mark instanceof Yielded) {
        this.state = 'yields'
        this.delegating = mark.delegated
        return this.answer({ value: mark.value, done: false })
      }
      if (mark instanceof Returning) {
        way = 'return'
        value = mark.value
      } else if (mark instanceof Awaited) {
        this.at = mark.at ?? null
        try {
          goOnAfter(mark.value, this)
          return this.given
        } catch (error) {
          way = 'throw'
          value = error
        }
      } else {
        this.at = (mark as Place | undefined) ?? null
        return link(this)
      }
    }
  }

  answer(step: IteratorResult<unknown, unknown>): object {
    this.requests.shift()!.fulfil(step)
    return ANSWERED
  }

  fail(error: unknown): object {
    this.requests.shift()!.reject(error)
    return ANSWERED
  }
}

const ANSWERED: object = Object.freeze({ answered: true })

const methods = methodsOf((way) => {
  const fn = {
    // Whatever runs before the first `await` blocks, unless the caller is Node, or is not green: such a one has a promise to
    // wait for, and nothing to be suspended.
    [way](this: unknown, value: unknown): unknown {
      const request = new Request(way, value)
      const running = runningOf(this, request)
      if (running === null) return request.promise
      if (!isRoot()) return runBlocking(() => running.ask(request))
      detached(() => running.ask(request))
      return request.promise
    },
  }[way]!
  attachTwin(fn, function (value: unknown) {
    const request = new Request(way, value)
    return runningOf(this, request)?.ask(request) ?? request.promise
  })
  return fn
})

function runningOf(self: unknown, { way, reject }: Request): AsyncRunning | null {
  const running = isObject(self) ? all.get(self) : undefined
  if (running !== undefined) return running
  reject(new TypeError(`${way} method called on incompatible receiver ${String(self)}`))
  return null
}
