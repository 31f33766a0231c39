// Replaces methods of a client library in place, and puts back exactly what was there. Where somebody else has wrapped a
// replacement meanwhile, it stays in the chain and passes on.
import { ensureContexts } from '@greenhouse/scheduler/kernel'

/** A method as the adapters see it. */
export type Method = (this: never, ...args: never[]) => unknown

/** Puts back what was there; a second call does nothing. */
export type Undo = () => void

/** By the symbol, every copy of this package knows a method that one of them has replaced. */
const UNDO = Symbol.for('@greenhouse/emulation/ext/undo')

interface Replacement {
  readonly target: object
  readonly name: PropertyKey
  readonly own: PropertyDescriptor | undefined
  readonly method: Method
}

export class Patches {
  live = true
  readonly replaced: Replacement[] = []
  readonly undo: Undo = () => {
    if (!this.live) return
    this.live = false
    for (const { target, name, own, method } of this.replaced.reverse()) {
      if (Object.getOwnPropertyDescriptor(target, name)?.value !== method) continue
      if (own === undefined) Reflect.deleteProperty(target, name)
      else Object.defineProperty(target, name, own)
    }
  }

  /** Replaces `target[name]` by what `wrap` makes of it; does nothing where there is no such method. */
  replace(target: object, name: PropertyKey, wrap: (original: never) => Method): void {
    const original = (target as Record<PropertyKey, unknown>)[name]
    if (typeof original !== 'function') return
    const own = Object.getOwnPropertyDescriptor(target, name)
    const ours = wrap(original as never)
    const isLive = (): boolean => this.live
    const method = function (this: never, ...args: never[]): unknown {
      return (isLive() ? ours : (original as Method)).apply(this, args)
    }
    dress(method, original)
    Object.defineProperty(method, UNDO, { value: this.undo, configurable: true })
    Object.defineProperty(target, name, {
      configurable: true,
      enumerable: own?.enumerable ?? false,
      writable: own?.writable ?? true,
      value: method,
    })
    this.replaced.push({ target, name, own, method })
  }
}

/** Patches once: `method` of `target` tells whether it has been done, by this copy of the package or another. */
export function patchOnce(target: object, method: PropertyKey, make: (p: Patches) => void): Undo {
  const now = (target as Record<PropertyKey, unknown>)[method] as { [UNDO]?: Undo } | undefined
  if (now !== undefined && Object.hasOwn(target, method) && now[UNDO] !== undefined) {
    return now[UNDO]
  }
  ensureContexts()
  const patches = new Patches()
  make(patches)
  return patches.undo
}

/** The object in the prototype chain of `start` that has `name` as its own. */
export function ownerOf(start: object, name: PropertyKey): object | null {
  let at: object | null = start
  while (at !== null && !Object.hasOwn(at, name)) at = Object.getPrototypeOf(at) as object | null
  return at
}

function dress(method: Method, original: object): void {
  for (const key of Reflect.ownKeys(original)) {
    if (key === UNDO || key === 'prototype') continue
    Object.defineProperty(method, key, Object.getOwnPropertyDescriptor(original, key)!)
  }
}
