// Work that must outlive its caller.
import { checkFunction, outsideScopes } from '@greenhouse/scheduler/kernel'

/**
 * Runs a function outside every scope: what it begins belongs to nobody, and no end or time-out of the caller reaches it.
 * For what several callers share: a memoised promise, a connection, a background refresh.
 *
 * The caller that awaits the result of `fn` is not waited for by it either: wrap it in `wait` to be cut off in time.
 *
 * @param fn - Called at once; async or plain.
 * @param args - Its arguments.
 * @returns what `fn` returns.
 * @throws {GH_INVALID_ARGUMENT} when `fn` is no function, and what `fn` throws.
 * @example
 * ```ts
 * import { disown } from '@greenhouse/emulation'
 * import { wait } from '@greenhouse/scheduler'
 *
 * let config: Promise<string> | undefined
 * const load = async () => 'loaded'
 * const getConfig = () => wait((config ??= disown(load)))
 *
 * console.log(await getConfig()) // => loaded
 * ```
 */
export function disown<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): R {
  checkFunction('fn', fn)
  return outsideScopes(fn, ...args)
}
