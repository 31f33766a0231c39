// What compiled code calls to give its functions their twins.
import { attachTwin, state, twinOf, type Callable, type Twin } from './convention.ts'
import { constructWith } from './construct.ts'
import {
  ASYNC,
  CONSTRUCTIBLE,
  GENERATOR,
  NEW_TARGET,
  PLAIN,
  start,
  type TwinBody,
} from './start.ts'

const asyncFunction: object = Object.getPrototypeOf(async function () {})
const generatorFunction = Object.getPrototypeOf(function* () {}) as { prototype: object }
const asyncGeneratorFunction = Object.getPrototypeOf(async function* () {}) as { prototype: object }

/** A function declaration that stands there already. */
export function attach(fn: Callable, body: TwinBody, flags: number): void {
  if ((flags & PLAIN) !== 0) {
    const plain = body as unknown as Twin
    if ((flags & CONSTRUCTIBLE) !== 0) plain.k = flags
    attachTwin(fn, plain)
    return
  }
  body.owner = fn
  const twin: Twin = function (...args) {
    let newTarget: Callable | undefined
    if ((flags & NEW_TARGET) !== 0) {
      newTarget = state.newTarget
      state.newTarget = undefined
    }
    return start(body, this, args, flags, newTarget)
  }
  if ((flags & CONSTRUCTIBLE) !== 0) twin.k = flags
  if ((flags & (ASYNC | GENERATOR)) !== 0) dress(fn, flags)
  attachTwin(fn, twin)
}

/** Makes a face look like the async or generator function that it stands for. */
function dress(fn: Callable, flags: number): void {
  if ((flags & GENERATOR) === 0) {
    Object.setPrototypeOf(fn, asyncFunction)
    return
  }
  const kind = (flags & ASYNC) === 0 ? generatorFunction : asyncGeneratorFunction
  Object.setPrototypeOf(fn, kind)
  Object.defineProperty(fn, 'prototype', { value: Object.create(kind.prototype), writable: true })
}

/** A function expression: `maker` makes its face. */
export function make(maker: (body: TwinBody) => Callable, body: TwinBody, flags: number): Callable {
  const fn = maker(body)
  attach(fn, body, flags)
  return fn
}

/** A function expression that knows itself by its name. */
export function makeNamed(
  maker: (holder: { body?: TwinBody }) => Callable,
  bodyOf: (fn: Callable) => TwinBody,
  flags: number,
): Callable {
  const holder: { body?: TwinBody } = {}
  const fn = maker(holder)
  holder.body = bodyOf(fn)
  attach(fn, holder.body, flags)
  return fn
}

/** A method of a class. */
export function attachMethod(
  owner: object,
  key: PropertyKey,
  body: TwinBody,
  flags: number,
): TwinBody {
  const fn: unknown = Object.getOwnPropertyDescriptor(owner, key)?.value
  if (typeof fn === 'function') attach(fn as Callable, body, flags)
  return body
}

export function setName(fn: Callable, key: PropertyKey): Callable {
  const value =
    typeof key === 'symbol' ? (key.description === undefined ? '' : `[${key.description}]`) : key
  Object.defineProperty(fn, 'name', { value, configurable: true })
  return fn
}

/** What a computed key comes to. */
export function toKey(key: unknown): PropertyKey {
  if (typeof key === 'string' || typeof key === 'symbol') return key
  return Reflect.ownKeys({ [key as string]: 0 })[0]!
}

/** `fn.bind(self, ...first)`: the bound function has a twin where `fn` has one. */
export function bind(fn: unknown, self: unknown, ...first: unknown[]): unknown {
  const bound: unknown = (fn as Callable).bind(self, ...first)
  if (typeof fn !== 'function' || fn.bind !== Function.prototype.bind) return bound
  bindTwin(fn as Callable, bound as Callable, self, first)
  return bound
}

export function bindTwin(
  fn: Callable,
  bound: Callable,
  self: unknown,
  first: readonly unknown[],
): void {
  const twin = twinOf(fn)
  if (twin === undefined) return
  const own: Twin = (...args) => Reflect.apply(twin, self, [...first, ...args])
  own.construct = (args, newTarget) =>
    constructWith(fn, [...first, ...args], newTarget === bound ? fn : newTarget)
  attachTwin(bound, own)
}
