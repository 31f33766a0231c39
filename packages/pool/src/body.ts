// What pools and `map` call: an async, a generator or a plain function. Which it is decides how its calls are waited for.
import { end, schedule, type Greenlet, type Steps } from '@greenhouse/scheduler'
import { checkFunction, wrongType } from '@greenhouse/scheduler/kernel'

export type Body = (...args: unknown[]) => unknown

const generatorFunction: unknown = Object.getPrototypeOf(function* () {})
const asyncGeneratorFunction: unknown = Object.getPrototypeOf(async function* () {})

export function checkBody(fn: unknown): void {
  checkFunction('fn', fn)
  if (Object.getPrototypeOf(fn) === asyncGeneratorFunction) {
    wrongType('fn', 'an async, generator or plain function', fn)
  }
}

/** Whether calls of it can be delegated to by `yield*`. Transpiled generator functions are found by what they return. */
export function isGeneratorFunction(fn: unknown): boolean {
  return Object.getPrototypeOf(fn) === generatorFunction
}

/** What a call from an async worker gave, once it is there. Primitives need no call of this. */
export function settled(value: object): unknown {
  return isSteps(value) ? runSteps(value) : value
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** Whether an error is the end of this greenlet, and no news of another's. */
export function isExitOf(error: unknown, greenlet: Greenlet): boolean {
  if (!(error instanceof Error)) return false
  const { code, greenlet: whose } = error as Error & { code?: string; greenlet?: Greenlet | null }
  return code === 'GH_EXIT' && (whose === null || whose === greenlet)
}

export function isSteps(value: object): value is Steps<unknown> {
  const it = value as Partial<Generator & PromiseLike<unknown>>
  return (
    typeof it.next === 'function' &&
    typeof it.throw === 'function' &&
    typeof it.then !== 'function' &&
    Symbol.iterator in value
  )
}

/** Steps a generator from an async worker, in a greenlet that ends with its job. */
async function runSteps(steps: Steps<unknown>): Promise<unknown> {
  const child = schedule(() => steps as never)
  try {
    return await child.join()
  } finally {
    end(child)
  }
}
