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

/** Makes what stands in for `original`: `owned` where the switch says so, else the original itself. */
export function standIn(original: Callable, owned: Owned, by: Switch): Callable {
  function stand(self: unknown, args: unknown[]): unknown {
    const scope = by.reach()
    return scope === null ? Reflect.apply(original, self, args) : owned(original, self, args, scope)
  }
  if (Object.hasOwn(original, 'prototype')) {
    return looksLike(original, function (this: unknown, ...args: unknown[]): unknown {
      return new.target === undefined
        ? stand(this, args)
        : Reflect.construct(original, args, new.target)
    })
  }
  // A method, like an async function, is no constructor.
  const methods: Record<string, Callable> = {
    method(...args: unknown[]): unknown {
      return stand(this, args)
    },
  }
  return looksLike(original, methods['method']!)
}

const OWN_TO_EACH: readonly PropertyKey[] = ['arguments', 'caller']

function looksLike(original: Callable, copy: Callable): Callable {
  for (const key of Reflect.ownKeys(original)) {
    if (OWN_TO_EACH.includes(key)) continue
    Object.defineProperty(copy, key, Object.getOwnPropertyDescriptor(original, key)!)
  }
  if (Object.getPrototypeOf(copy) !== Object.getPrototypeOf(original)) {
    Object.setPrototypeOf(copy, Object.getPrototypeOf(original) as object)
  }
  return copy
}
