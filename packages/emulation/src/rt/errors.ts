// Errors of primitives that were suspended: an asynchronous call fails with no trace of who made it. They get the stack of the
// call, as an error of the original has.
import { types } from 'node:util'
import { shareOrigin } from '../stacks/origins.ts'
import { CALLERS, currentCaller } from './callers.ts'
import type { Frame } from './convention.ts'
import { captureCall } from './stack-limit.ts'

/** The stack of a call, as text only when somebody asks. */
export interface Site {
  readonly stack?: unknown
  readonly [CALLERS]?: Frame | null
}

/** Takes the stack of the caller of `above`. */
export function takeSite(above: (...args: never[]) => unknown): Site {
  const site: Site = { [CALLERS]: currentCaller() }
  captureCall(site, above)
  return site
}

/** Gives an error the stack of the call that it came of. */
export function placed(error: unknown, site: Site | null): unknown {
  if (site === null || !types.isNativeError(error)) return error
  const { stack } = site
  // A handler of the program's may make something else of stacks.
  if (typeof stack !== 'string') return error
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  const header = String(error.stack).split(/\n\s+at /, 1)[0]!
  shareOrigin(error, site)
  error.stack = [header, ...frames].join('\n')
  return error
}
