// Where primitives meet the convention: suspend where that is possible, block where it is not, and say so.
import { blocked } from '../blocked/account.ts'
import { context } from '../blocked/context.ts'
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
  if (state.running === 0 && !context.countsAll) return op.sync()
  const since = performance.now()
  try {
    return op.sync()
  } finally {
    blocked(op.kind, performance.now() - since, state.running > 0)
  }
}
