// Errors of primitives that were suspended: an asynchronous call fails with no trace of who made it. They get the stack of the
// call, as an error of the original has: the frames that wait for it, and behind them who has called green code.
import { types } from 'node:util'
import { shareOrigin } from '../stacks/origins.ts'
import { CALLERS } from './callers.ts'
import type { Callable, Frame } from './convention.ts'
import type { Op } from './op.ts'
import { captureCall, shownFrames } from './stack-limit.ts'

/** A stack, as text only when somebody asks. */
export interface Site {
  readonly stack?: unknown
  readonly [CALLERS]?: Frame | null
}

/** How many frames of who calls green code are kept while that waits: each costs half a microsecond, and memory. */
const CALLERS_KEPT = 5

/** Takes the stack of who has called `above`. */
export function callerOf(above: Callable): Site {
  const site: Site = {}
  captureCall(site, above, CALLERS_KEPT)
  return site
}

/**
 * What a wait for an operation has thrown, with the stack of the call where the operation itself has failed. `caller` has called
 * green code; where it is not known, it is whoever is on the stack now.
 */
export function placed(
  error: unknown,
  { failure }: Op,
  top: Frame | null,
  caller: Site | null = null,
): unknown {
  if (error !== failure || !types.isNativeError(error)) return error
  const site: Site = { [CALLERS]: top }
  captureCall(site, placed, caller === null ? Infinity : 1)
  const [green, outer] = [framesOf(site), caller === null ? [] : framesOf(caller)]
  // A handler of the program's may make something else of stacks.
  if (green === null || outer === null) return error
  const header = String(error.stack).split(/\n\s+at /, 1)[0]!
  shareOrigin(error, site)
  error.stack = [header, ...[...green, ...outer].slice(0, shownFrames())].join('\n')
  return error
}

function framesOf({ stack }: Site): string[] | null {
  if (typeof stack !== 'string') return null
  return stack.split('\n').filter((line) => /^\s+at /.test(line))
}
