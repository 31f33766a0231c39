// Functions that stand in for others. Whoever looks at one sees the original's name, length and own properties; symbols
// such as `util.promisify.custom` above all.

import type { WorkScope } from '@greenhouse/scheduler/kernel'

/** Any function, as a patch sees it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Callable = (this: any, ...args: any[]) => any

/** What a stand-in does in place of its original, inside scopes; `scope` is the current one. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Owned = (original: Callable, self: any, args: any[], scope: WorkScope) => unknown

/** Decides at each call whether the original is left alone. */
export interface Switch {
  /** The scope to which a call made now belongs; null where the original is left alone. */
  reach(): WorkScope | null
}

/** Stands for whatever scope there is: what is always replaced does not look at it. */
const ANY = {}

/** A switch that is always on. */
export const ALWAYS: Switch = { reach: () => ANY }

/**
 * Makes what stands in for `original`: `owned` where the switch says so, else the original itself. `instead` holds what is to
 * stand for properties of the original.
 */
export function standIn(
  original: Callable,
  owned: Owned,
  by: Switch,
  instead: PropertyDescriptorMap = {},
): Callable {
  // Each does it itself: handed on, the array of arguments would have to be made.
  if (Object.hasOwn(original, 'prototype')) {
    const copy = function (this: unknown, ...args: unknown[]): unknown {
      if (new.target !== undefined) return Reflect.construct(original, args, new.target)
      const scope = by.reach()
      return scope === null
        ? Reflect.apply(original, this, args)
        : owned(original, this, args, scope)
    }
    return looksLike(original, copy, instead)
  }
  // A method, like an async function, is no constructor.
  const methods: Record<string, Callable> = {
    method(...args: unknown[]): unknown {
      const scope = by.reach()
      return scope === null
        ? Reflect.apply(original, this, args)
        : owned(original, this, args, scope)
    },
  }
  return looksLike(original, methods['method']!, instead)
}

const OWN_TO_EACH: readonly PropertyKey[] = ['arguments', 'caller']

function looksLike(original: Callable, copy: Callable, instead: PropertyDescriptorMap): Callable {
  for (const key of Reflect.ownKeys(original)) {
    if (OWN_TO_EACH.includes(key)) continue
    const descriptor = instead[key] ?? Object.getOwnPropertyDescriptor(original, key)!
    Object.defineProperty(copy, key, descriptor)
  }
  if (Object.getPrototypeOf(copy) !== Object.getPrototypeOf(original)) {
    Object.setPrototypeOf(copy, Object.getPrototypeOf(original) as object)
  }
  return copy
}
