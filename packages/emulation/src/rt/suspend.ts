// Where primitives meet the convention: suspend where that is possible, block where it is not, and say so.
import { blocked } from './account.ts'
import { state, SUSPEND } from './convention.ts'
import type { Op } from './op.ts'

/** Waits for an operation: suspended in green code, else blocking. What a primitive's twin returns. */
export function suspend<T>(op: Op<T>): unknown {
  if (state.green) {
    state.op = op
    state.suspendedIn = state.loading
    return SUSPEND
  }
  return blockOn(op)
}

function blockOn<T>(op: Op<T>): T {
  if (state.running === 0 && !state.wholly) return op.sync()
  const since = performance.now()
  try {
    return op.sync()
  } finally {
    blocked(op.kind, 'a caller that cannot be suspended', performance.now() - since)
  }
}
