// What a function has from the functions around it, or is seen by them to do.
import type { FunctionFacts } from './scope.ts'

/** An arrow has `this` and its like from the function around it. */
export function lend(owner: FunctionFacts, what: 'this' | 'arguments' | 'newTarget'): void {
  let at = owner
  let lent = false
  for (;;) {
    if (what === 'this') at.usesThis = true
    else if (what === 'arguments') at.usesArguments = true
    else at.usesNewTarget = true
    if (lent) at.lent[what] = true
    if (at.role !== 'arrow' || at.outer === null) return
    lent = true
    at = at.outer
  }
}

export function lendSuper(owner: FunctionFacts): void {
  let at: FunctionFacts | null = owner
  while (at !== null) {
    at.usesSuper = true
    if (at.role !== 'arrow') return
    at = at.outer
  }
}

export function markDynamic(owner: FunctionFacts): void {
  owner.dynamic = true
  for (let at: FunctionFacts | null = owner; at !== null; at = at.outer) at.dynamicInside = true
}
