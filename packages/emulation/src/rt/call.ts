// Calls from the body of a twin.
import { twinOf, type Callable } from './convention.ts'

/** Calls a function by its twin where it has one. `name` is what V8 would call it in an error. */
export function call(name: string, self: unknown, fn: unknown, ...args: unknown[]): unknown {
  const twin = twinOf(fn)
  if (twin !== undefined) return Reflect.apply(twin, self, args)
  if (typeof fn !== 'function') throw new TypeError(`${name} is not a function`)
  return Reflect.apply(fn as Callable, self, args)
}
