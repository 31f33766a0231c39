// What generators and async generators with a twin have in common: the marks that a body yields, and the objects that stand
// for it.
import { isObject, type Callable } from './convention.ts'

/** A body of either kind. It yields marks, and nothing where a call inside of it was suspended. */
export type Steps = Generator<unknown, unknown, unknown>

export type Way = 'next' | 'return' | 'throw'

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
export class Returning {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

export type Methods = Readonly<Record<Way, Callable>>

export function methodsOf(make: (way: Way) => Callable): Methods {
  return { next: make('next'), return: make('return'), throw: make('throw') }
}

/** The object that a call of `owner` gives. Its methods stand where the language has them inherited from: behind `owner`. */
export function objectOf(owner: Callable | undefined, natural: object, methods: Methods): object {
  const given: unknown = owner?.prototype
  const prototype = isObject(given) ? given : natural
  const made: object = Object.create(prototype)
  const target = prototype === natural ? made : prototype
  if ((target as { next?: unknown }).next !== methods.next) {
    for (const [way, value] of Object.entries(methods)) {
      Object.defineProperty(target, way, { value, writable: true, configurable: true })
    }
  }
  return made
}
