// What outside code sees of a green graph. A call gives a Blocking; an instance of a class of the graph, and a function of it,
// is wrapped, once; everything else passes as it is: nothing may stand before the inside of a Map, a Buffer or a Promise.
import { Stream } from 'node:stream'
import { types } from 'node:util'
import { withTimeout, type Blocking, type Steps } from '@greenhouse/scheduler'
import { callGreen, GREEN, twinOf, type Callable } from '../rt/index.ts'
import { asEntrant, currentEntrant, type Entrant, type Gate } from './gate.ts'

/** The wrappers of one graph. */
export class Facade {
  /** Null where many may be inside at once. */
  readonly gate: Gate | null
  readonly wrappers: WeakMap<object, object> = new WeakMap()
  readonly give = (result: unknown): unknown => this.expose(result)

  constructor(gate: Gate | null) {
    this.gate = gate
  }

  /** The exports of a module: all functions are wrapped, whether they can block or not. */
  exports(value: unknown): unknown {
    if (typeof value === 'function') return this.wrap(value, true)
    if (typeof value !== 'object' || value === null || this.isRaw(value)) return value
    return this.wrap(value, true)
  }

  /** A value that the graph gives out. */
  expose(value: unknown): unknown {
    if (typeof value === 'function') return twinOf(value) === undefined ? value : this.wrap(value)
    if (typeof value !== 'object' || value === null) return value
    return !this.isRaw(value) && isInstance(value) ? this.wrap(value) : value
  }

  /** Calls a function of the graph for the current greenlet, which has called `above`. */
  call(fn: Callable, self: unknown, args: readonly unknown[], above: Callable): Blocking<unknown> {
    const { gate } = this
    if (gate === null) return callGreen(fn, unwrap(self), args.map(unwrap), this.give, above)
    const me = currentEntrant()
    const enter = (): Blocking<unknown> =>
      callGreen(fn, unwrap(self), args.map(unwrap), this.give, above)
    return withTimeout(Infinity, () => this.inside(gate, me, enter))
  }

  /** Calls `fn` when nobody else is inside. @internal */
  *inside(gate: Gate, me: Entrant, fn: () => Blocking<unknown>): Steps<unknown> {
    yield* gate.enter(me)
    try {
      return yield* asEntrant(me, fn)
    } finally {
      gate.leave()
    }
  }

  /** @internal */
  isRaw(value: object): boolean {
    return (
      types.isNativeError(value) ||
      raws.has(value) ||
      types.isPromise(value) ||
      types.isDate(value) ||
      types.isRegExp(value) ||
      types.isMap(value) ||
      types.isSet(value) ||
      types.isAnyArrayBuffer(value) ||
      ArrayBuffer.isView(value) ||
      Array.isArray(value) ||
      value instanceof Stream
    )
  }

  /** @internal */
  wrap(raw: object, isExports = false): object {
    const known = this.wrappers.get(raw)
    if (known !== undefined) return known
    const shadow = (typeof raw === 'function' ? shadowOf(raw as Callable) : {}) as object
    const wrapper = new Proxy(shadow, this.handler(raw, isExports))
    this.wrappers.set(raw, wrapper)
    raws.set(wrapper, raw)
    return wrapper
  }

  /** @internal */
  handler(raw: object, isExports: boolean): ProxyHandler<object> {
    const member = (value: unknown) => (isExports ? this.member(value) : this.expose(value))
    const apply = (_shadow: object, self: unknown, args: unknown[]): unknown =>
      this.call(raw as Callable, self, args, apply)
    return {
      apply,
      construct: (_shadow, args: unknown[], newTarget) => {
        const made: object = Reflect.construct(
          raw as Callable,
          args.map(unwrap),
          unwrap(newTarget) as Callable,
        )
        return this.expose(made) as object
      },
      get: (_shadow, key) => {
        if (key === 'default' && isExports && !(key in raw)) return this.wrap(raw, true)
        const value: unknown = Reflect.get(raw, key, raw)
        return key === 'prototype' || key === 'constructor' || key === GREEN ? value : member(value)
      },
      set: (_shadow, key, value: unknown) => Reflect.set(raw, key, unwrap(value), raw),
      has: (_shadow, key) => Reflect.has(raw, key),
      deleteProperty: (_shadow, key) => Reflect.deleteProperty(raw, key),
      ownKeys: (shadow) => [...new Set([...Reflect.ownKeys(raw), ...fixedKeys(shadow)])],
      getPrototypeOf: () => Reflect.getPrototypeOf(raw),
      getOwnPropertyDescriptor: (shadow, key) => {
        const fixed = Reflect.getOwnPropertyDescriptor(shadow, key)
        if (fixed?.configurable === false) return fixed
        const own = Reflect.getOwnPropertyDescriptor(raw, key)
        if (own === undefined) return undefined
        if ('value' in own) own.value = member(own.value)
        return { ...own, configurable: true }
      },
    }
  }

  /** A member of what a module exports. @internal */
  member(value: unknown): unknown {
    if (typeof value === 'function') return this.wrap(value, true)
    const isPlain =
      typeof value === 'object' &&
      value !== null &&
      [Object.prototype, null].includes(Reflect.getPrototypeOf(value) as null) &&
      Object.values(value).some((inner) => typeof inner === 'function')
    return isPlain ? this.wrap(value, true) : this.expose(value)
  }
}

const raws = new WeakMap<object, object>()

/** What stands behind a wrapper; anything else is itself. */
export function unwrap(value: unknown): unknown {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return isObject ? (raws.get(value) ?? value) : value
}

/** Whether one of its classes was compiled green. */
function isInstance(value: object): boolean {
  let prototype = Reflect.getPrototypeOf(value)
  while (prototype !== null && prototype !== Object.prototype) {
    const maker: unknown = Reflect.getOwnPropertyDescriptor(prototype, 'constructor')?.value
    if (typeof maker === 'function' && Object.hasOwn(maker, GREEN)) return true
    prototype = Reflect.getPrototypeOf(prototype)
  }
  return false
}

/** What a proxy of a function stands on: its own properties that cannot be changed bind the proxy. */
function shadowOf(fn: Callable): Callable {
  const shadow = function (): void {}
  shadow.prototype = fn.prototype as object
  return shadow
}

function fixedKeys(shadow: object): (string | symbol)[] {
  return Reflect.ownKeys(shadow).filter(
    (key) => Reflect.getOwnPropertyDescriptor(shadow, key)!.configurable === false,
  )
}
