// Starting a twin from its generator function: plain functions, async functions, and generators of both kinds.
import { makeAsyncGenerator } from './async-generators.ts'
import { AsyncRun } from './async-run.ts'
import { Frame, link, state, type Callable, type Place } from './convention.ts'
import { makeGenerator } from './generators.ts'

export const CONSTRUCTIBLE = 1
export const ASYNC = 2
export const GENERATOR = 4
export const NEW_TARGET = 8
/** The body is a plain function, which is the twin itself. */
export const PLAIN = 16

/** A generator function that is the body of a twin. */
export interface TwinBody {
  (this: unknown, ...args: never[]): Generator<unknown, unknown, unknown>
  /** The function whose body it is. */
  owner?: Callable
}

/** A generator that has yielded because a call inside of it was suspended. */
class GeneratorFrame extends Frame {
  readonly steps: Generator<unknown, unknown, unknown>
  /** What it has yielded last. */
  at: unknown

  constructor(steps: Generator<unknown, unknown, unknown>, at: unknown) {
    super()
    this.steps = steps
    this.at = at
  }

  resume(value: unknown, isError: boolean): unknown {
    const step = isError ? this.steps.throw(value) : this.steps.next(value)
    if (step.done === true) return step.value
    this.at = step.value
    return link(this)
  }

  override place(): Place {
    return this.at as Place
  }
}

export function start(
  body: TwinBody,
  self: unknown,
  args: ArrayLike<unknown>,
  flags: number,
  newTarget: Callable | undefined,
): unknown {
  if ((flags & PLAIN) !== 0) return Reflect.apply(body, self, args)
  if ((flags & (ASYNC | GENERATOR)) === ASYNC) return startAsync(body, self, args)
  const steps = Reflect.apply(body, self, args)
  if ((flags & ASYNC) !== 0) return makeAsyncGenerator(steps, body.owner)
  if ((flags & GENERATOR) !== 0) return makeGenerator(steps, body.owner)
  // Only now: default parameters may have called constructors themselves.
  if ((flags & NEW_TARGET) !== 0) state.newTarget = newTarget
  const step = steps.next()
  return step.done === true ? step.value : link(new GeneratorFrame(steps, step.value))
}

function startAsync(body: TwinBody, self: unknown, args: ArrayLike<unknown>): unknown {
  let steps: Generator<unknown, unknown, unknown>
  try {
    steps = Reflect.apply(body, self, args)
  } catch (error) {
    return Promise.reject(error as Error)
  }
  return new AsyncRun(steps).resume(undefined, false)
}

/** What the body of a constructor, or of a function that asks for `new.target`, begins with. */
export function takeNewTarget(): Callable | undefined {
  const { newTarget } = state
  state.newTarget = undefined
  return newTarget
}
