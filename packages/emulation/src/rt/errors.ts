// Errors of primitives that were suspended: an asynchronous call fails with no trace of who made it. They get the stack of the
// call, as an error of the original has.
import { types } from 'node:util'

/** The stack of a call, as text only when somebody asks. */
export interface Site {
  readonly stack?: string
}

/** Takes the stack of the caller of `above`. */
export function takeSite(above: (...args: never[]) => unknown): Site {
  const site: Site = {}
  Error.captureStackTrace(site, above)
  return site
}

const OURS =
  /[\\/]emulation[\\/](?:src[\\/](?:rt|program|facade)|dist)[\\/]|Generator\.(?:next|throw) \(<anonymous>\)/

/** Gives an error the stack of the call that it came of. */
export function placed(error: unknown, site: Site | null): unknown {
  if (site === null || !types.isNativeError(error)) return error
  const { stack } = error
  const frames = (site.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const header = String(stack).split(/\n\s+at /, 1)[0]!
  error.stack = [header, ...frames.filter((line) => !OURS.test(line))].join('\n')
  return error
}
