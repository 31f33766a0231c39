// Patches for the duration of a call.
import { getCurrent, withTimeout, type Blocking, type Steps } from '@greenhouse/scheduler'
import { checkFunction, checkOptions, ensureContexts } from '@greenhouse/scheduler/kernel'
import { update } from './patch.ts'
import type { PatchSet } from './patch-set.ts'
import { presentPatches } from './registry.ts'

export interface PatchedContextOptions {
  /** Only for the greenlet that calls, and not for the others that run meanwhile; false by default. */
  readonly local?: boolean | undefined
}

/**
 * Applies patches while a function runs, and undoes them however it ends. Calls may be nested and overlap: a patch is
 * applied as long as one of them, or `patch`, wants it.
 *
 * @param names - One name or several, as for `patch`; an empty list stands for everything.
 * @param fn - Async, generator or plain.
 * @param options - `local`.
 * @returns what `fn` gives.
 * @throws {GH_INVALID_ARGUMENT}, and what `fn` throws.
 * @example
 * ```ts
 * import { isPatched, patchedContext } from '@greenhouse/emulation'
 *
 * await patchedContext('timers/promises', async () => {
 *   console.log(isPatched('timers/promises')) // => true
 * })
 * console.log(isPatched('timers/promises')) // => false
 * ```
 *
 * Source: greenhouse/emulation patched_context
 */
export function patchedContext<T>(
  names: string | readonly string[],
  fn: () => Steps<T>,
  options?: PatchedContextOptions,
): Blocking<T>
export function patchedContext<T>(
  names: string | readonly string[],
  fn: () => PromiseLike<T> | T,
  options?: PatchedContextOptions,
): Blocking<T>
export function patchedContext(
  names: string | readonly string[],
  fn: () => unknown,
  options?: PatchedContextOptions,
): Blocking<unknown> {
  checkFunction('fn', fn)
  checkOptions('options', options)
  const patches = presentPatches(typeof names === 'string' ? [names] : names)
  ensureContexts()
  const count = options?.local === true ? countIn(getCurrent()) : countEverywhere
  // The outer one is answered with the inner, even where that leaves a body behind on a promise that nobody can interrupt.
  return withTimeout(Infinity, function* (): Steps<unknown> {
    update(patches, (set) => count(set, 1))
    try {
      return yield* withTimeout(Infinity, () => fn() as Promise<unknown>)
    } finally {
      update(patches, (set) => count(set, -1))
    }
  })
}

function countEverywhere(set: PatchSet, by: number): void {
  set.contexts += by
}

function countIn(greenlet: ReturnType<typeof getCurrent>) {
  return ({ greenlets }: PatchSet, by: number): void => {
    const count = (greenlets.get(greenlet) ?? 0) + by
    if (count === 0) greenlets.delete(greenlet)
    else greenlets.set(greenlet, count)
  }
}
