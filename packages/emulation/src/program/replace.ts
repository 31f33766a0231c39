// Puts functions in the place of others that look like them.
import { attachTwin, twinOf, type Callable } from '../rt/index.ts'

/** Puts what `make` makes of a function in its place; gives it, or what was there. */
export function replace(
  holder: object,
  name: string,
  make: (original: Callable) => Callable | null,
): unknown {
  const original: unknown = Reflect.get(holder, name)
  if (typeof original !== 'function') return original
  const made = make(original as Callable)
  if (made === null) return original
  // A primitive keeps its twin, which is the original's.
  for (const key of Reflect.ownKeys(original)) {
    if (key !== 'prototype') {
      Object.defineProperty(made, key, Object.getOwnPropertyDescriptor(original, key)!)
    }
  }
  const twin = twinOf(original)
  if (twin !== undefined) {
    attachTwin(made, function (...args) {
      return Reflect.apply(twin, this, args)
    })
  }
  const descriptor = Object.getOwnPropertyDescriptor(holder, name)!
  if ('value' in descriptor) Object.defineProperty(holder, name, { ...descriptor, value: made })
  return made
}
