// Stepping through an iterable whose steps may be green code, on behalf of a builtin or a pattern.
import { isObject, SUSPEND, twinOf, type Callable } from './convention.ts'
import { isPlainArray, iterate, type Handle } from './iterate.ts'
import { start, type TwinBody } from './start.ts'

/** `give` is called with each value, `take` with what that gives. */
interface Stepping {
  readonly give: (value: unknown) => unknown
  readonly take?: (given: unknown) => void
  readonly end: () => unknown
}

/** Steps through an iterable; gives what a twin gives. */
export function stepThrough(iterable: unknown, stepping: Stepping): unknown {
  return start(steps as TwinBody, undefined, [iterable, stepping], 0, undefined)
}

function* steps(
  iterable: unknown,
  { give, take, end }: Stepping,
): Generator<unknown, unknown, unknown> {
  let result = iterate(iterable)
  if (result === SUSPEND) result = yield
  const handle = result as Handle
  try {
    for (;;) {
      let more = handle.step()
      if (more === SUSPEND) more = yield
      if (more !== true) return end()
      let given = give(handle.value)
      if (given === SUSPEND) given = yield
      take?.(given)
    }
  } catch (error) {
    handle.failed()
    throw error
  } finally {
    if (handle.open && handle.close() === SUSPEND) yield
  }
}

const { [Symbol.iterator]: itself } = Object.getPrototypeOf(
  Object.getPrototypeOf([][Symbol.iterator]()),
) as { [Symbol.iterator]: Callable }

/** Whether stepping through something may run green code. */
export function hasGreenSteps(value: unknown): boolean {
  if (!isObject(value) || isPlainArray(value)) return false
  const method = (value as { [Symbol.iterator]?: unknown })[Symbol.iterator]
  return twinOf(method === itself ? (value as { next?: unknown }).next : method) !== undefined
}

/** What an array pattern takes of a value: the value itself, or an array of as many steps where they may be suspended. */
export function takeSteps(value: unknown, count: number, complaint: string): unknown {
  if (isPlainArray(value)) return value
  if (!hasGreenSteps(value)) {
    if (typeof value !== 'string') refuse(value, complaint)
    return value
  }
  return start(take as TwinBody, undefined, [value, count], 0, undefined)
}

function* take(iterable: unknown, count: number): Generator<unknown, unknown, unknown> {
  let result = iterate(iterable)
  if (result === SUSPEND) result = yield
  const handle = result as Handle
  const taken: unknown[] = []
  while (taken.length < count) {
    let more = handle.step()
    if (more === SUSPEND) more = yield
    if (more !== true) return taken
    taken.push(handle.value)
  }
  if (handle.close() === SUSPEND) yield
  return taken
}

/** Throws as the language does where something is not iterable. */
function refuse(value: unknown, complaint: string): void {
  const isNothing = value === null || value === undefined
  if (!isNothing && typeof (value as Iterable<unknown>)[Symbol.iterator] === 'function') return
  throw new TypeError(
    complaint || `${shown(value)} is not iterable (cannot read property Symbol(Symbol.iterator))`,
  )
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return isObject(value) ? 'object' : `${typeof value} ${String(value as number)}`
}
