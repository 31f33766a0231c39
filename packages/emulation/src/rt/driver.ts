// Running green code as part of the current greenlet.
import { withTimeout, type Blocking, type Steps } from '@greenhouse/scheduler'
import { complete, fail } from '@greenhouse/scheduler/kernel'
import { call } from './call.ts'
import { SUSPEND, type Callable } from './convention.ts'
import { callerOf, placed, type Site } from './errors.ts'
import { resumeFrames, runGreen, takeSuspended, type Suspended } from './frames.ts'
import { runBlocking } from './mode.ts'

/**
 * Calls a function by its twin. It runs at once until its first wait; what it waits for are operations of the current greenlet,
 * so that an end or a time-out is thrown into it there. `give` makes of the result what the caller gets; `above` is the function that
 * the caller calls, which does not belong into stacks.
 */
export function callGreen(
  fn: Callable,
  thisArg: unknown,
  args: readonly unknown[],
  give: (result: unknown) => unknown = asItIs,
  above: Callable = callGreen as Callable,
): Blocking<unknown> {
  let result: unknown
  try {
    result = runGreen(fn, thisArg, args)
    if (result !== SUSPEND) return complete(give(result))
  } catch (error) {
    return fail(error)
  }
  const first = takeSuspended()
  const caller = first.op.isSure === true ? null : callerOf(above)
  return withTimeout(Infinity, () => driveSuspended(first, give, caller))
}

function asItIs(result: unknown): unknown {
  return result
}

/** Calls a function by its twin, as the whole body of a greenlet. */
export function* bodyOf(fn: Callable, thisArg: unknown, args: readonly unknown[]): Steps<unknown> {
  const result = runGreen(fn, thisArg, args)
  return result === SUSPEND ? yield* driveSuspended(takeSuspended()) : result
}

/** Calls a function in blocking mode, by its twin where it has one. */
export function runSync(fn: Callable, thisArg: unknown, args: readonly unknown[]): unknown {
  return runBlocking(() => call('callee', thisArg, fn, ...args))
}

/** Goes on with what was suspended, as the greenlet that runs this. */
export function* driveSuspended(
  first: Suspended,
  give: (result: unknown) => unknown = asItIs,
  caller: Site | null = null,
): Steps<unknown> {
  let { op, top, loading } = first
  for (;;) {
    let value: unknown
    let isError = false
    try {
      value = yield* op.start()
    } catch (error) {
      value = placed(error, op, top, caller)
      isError = true
    }
    const result = resumeFrames(top, value, isError, loading)
    if (result !== SUSPEND) return give(result)
    ;({ op, top, loading } = takeSuspended())
  }
}
