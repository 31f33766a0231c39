// `new` and `super(…)` from the body of a twin.
import {
  attachTwin,
  isObject,
  state,
  follow,
  twinOf,
  type Callable,
  type Twin,
} from './convention.ts'
import { NEW_TARGET, PLAIN, start, type TwinBody } from './start.ts'

/** Tells a constructor to return its second argument (its new object, where that is undefined). */
export const GIVE: unique symbol = Symbol('give')
/** Tells a constructor to install its fields on its second argument. */
export const FIELDS: unique symbol = Symbol('fields')
/** Tells a constructor to call its parent with the second argument's items. */
export const USUAL: unique symbol = Symbol('usual')

const BASE = 1
const DERIVED = 2

/** What is known of a compiled class. */
interface ClassTwin extends Twin {
  kind: number
  hasFields: boolean
}

/** `new F(...args)`. */
export function construct(name: string, fn: unknown, ...args: unknown[]): unknown {
  if (typeof fn !== 'function') throw new TypeError(`${name} is not a constructor`)
  const twin = twinOf(fn)
  if (twin?.construct !== undefined || twin?.k !== undefined) {
    return constructWith(fn as Callable, args, fn as Callable)
  }
  if (!isConstructor(fn as Callable)) throw new TypeError(`${name} is not a constructor`)
  return Reflect.construct(fn, args)
}

function isConstructor(fn: Callable): boolean {
  // What has a prototype is one, but for generators; bound functions and proxies have to be tried.
  if (Object.hasOwn(fn, 'prototype') && isObject(fn.prototype)) return !isGenerator(fn)
  try {
    Reflect.construct(Object, [], fn)
    return true
  } catch {
    return false
  }
}

const generatorFunctions: readonly unknown[] = [
  Object.getPrototypeOf(function* () {}),
  Object.getPrototypeOf(async function* () {}),
]

function isGenerator(fn: Callable): boolean {
  return generatorFunctions.includes(Object.getPrototypeOf(fn))
}

export function constructWith(fn: Callable, args: unknown[], newTarget: Callable): unknown {
  const twin = twinOf(fn)
  if (twin?.construct !== undefined) return twin.construct(args, newTarget)
  if (twin?.k === undefined) return Reflect.construct(fn, args, newTarget)
  const prototype: unknown = newTarget.prototype
  const made: object = Object.create(isObject(prototype) ? prototype : Object.prototype)
  if (newTarget === fn && isObject(prototype) && (twin.k & PLAIN) !== 0) {
    ;(twin as { prototype: unknown }).prototype = prototype
    twin.p = prototype
  }
  if ((twin.k & NEW_TARGET) !== 0) state.newTarget = newTarget
  return follow(Reflect.apply(twin, made, args), (result) => (isObject(result) ? result : made))
}

/** Gives a compiled class its twin. `body` is that of its constructor, null when it has none of its own. */
export function classTwin(
  fn: Callable,
  body: TwinBody | null,
  kind: number,
  hasFields: boolean,
  flags: number,
): TwinBody | null {
  const twin: ClassTwin = Object.assign(
    function (this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(fn, this, args)
    },
    { kind, hasFields },
  )
  twin.construct = (args, newTarget) => {
    if (body === null) return superConstruct(fn, newTarget, args)
    if (kind === DERIVED) return start(body, undefined, args, flags, newTarget)
    const made: object = Reflect.construct(fn, [GIVE], newTarget)
    return follow(start(body, made, args, flags, newTarget), (result) =>
      isObject(result) ? result : made,
    )
  }
  attachTwin(fn, twin)
  return body
}

/** `super(...args)` in the constructor of `fn`: gives the object that becomes `this`. */
export function superConstruct(fn: Callable, newTarget: Callable, args: unknown[]): unknown {
  const parent: unknown = Object.getPrototypeOf(fn)
  if (typeof parent !== 'function') {
    throw new TypeError(
      `Super constructor ${String(parent)} of anonymous class is not a constructor`,
    )
  }
  if (!(twinOf(fn) as ClassTwin).hasFields) {
    return constructWith(parent as Callable, args, newTarget)
  }
  if (!canGive(parent as Callable)) return Reflect.construct(fn, [USUAL, args], newTarget)
  return follow(constructWith(parent as Callable, args, newTarget), (made) =>
    Reflect.construct(fn, [FIELDS, made], newTarget),
  )
}

/** Whether a constructor answers GIVE without running any of its fields. */
function canGive(fn: Callable): boolean {
  const twin = twinOf(fn) as ClassTwin | undefined
  if (twin?.kind === undefined) return false
  if (twin.kind === BASE) return !twin.hasFields
  if (twin.kind === DERIVED || twin.hasFields) return true
  const parent: unknown = Object.getPrototypeOf(fn)
  return typeof parent === 'function' && canGive(parent as Callable)
}

/** `this` in the twin of a derived constructor. */
export function initialised(self: unknown): unknown {
  if (self !== undefined) return self
  throw new ReferenceError(
    "Must call super constructor in derived class before accessing 'this' or returning from derived constructor",
  )
}

/** The result of `super(…)`, where it was not called before. */
export function once(made: unknown, before: unknown): unknown {
  if (before === undefined) return made
  throw new ReferenceError('Super constructor may only be called once')
}

/** What `return value` means in a derived constructor. */
export function derivedResult(value: unknown, self: unknown): unknown {
  if (isObject(value)) return value
  if (value === undefined) return initialised(self)
  throw new TypeError('Derived constructors may only return object or undefined')
}
