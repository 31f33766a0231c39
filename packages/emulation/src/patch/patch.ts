// `patch` and `unpatch`: whether the operations of Node's modules and of client libraries belong to scopes.
import { syncBuiltinESMExports } from 'node:module'
import { ensureContexts } from '@greenhouse/scheduler/kernel'
import type { PatchSet } from './patch-set.ts'
import { namedPatch, namedPatches, presentPatches } from './registry.ts'

/** Sets something in patches, and brings all importers up to date. */
export function update(patches: readonly PatchSet[], change: (patch: PatchSet) => void): void {
  for (const patch of patches) change(patch)
  try {
    for (const patch of patches) patch.update()
  } finally {
    syncBuiltinESMExports()
  }
}

/**
 * Makes the pending operations of Node's modules, and of client libraries with an adapter, belong to the scope in which
 * they were started: when it times out, is cancelled or ended, they are aborted, with its reason as the cause of the
 * error. Outside greenlets and scopes they behave as ever.
 *
 * Call it before other modules load: a function that one of them took out of an object before stays as it was. Patching
 * twice is harmless.
 *
 * @param names - "fs/promises", "http", "pg", …, with or without `node:`; everything that is there by default.
 * @throws {GH_INVALID_ARGUMENT} for an unknown name; it lists the known ones.
 * @example
 * ```ts
 * import { setTimeout as sleep } from 'node:timers/promises'
 * import { patch, unpatch } from '@greenhouse/emulation'
 * import { withTimeout } from '@greenhouse/scheduler'
 *
 * patch()
 * await withTimeout(5, async () => {
 *   await sleep(60_000).catch((error) => console.log(error.name)) // => AbortError
 * }).catch((error) => console.log(error.code)) // => GH_TIMEOUT
 * unpatch()
 * ```
 *
 * Source: greenhouse/emulation patch
 */
export function patch(...names: readonly string[]): void {
  const patches = presentPatches(names)
  ensureContexts()
  update(patches, (set) => {
    set.on = true
  })
}

/**
 * Undoes `patch`: every property is what it was, with the same descriptor. Operations under way still belong to their
 * scopes. Where another library has patched over greenhouse, its patch stays and reaches the original.
 *
 * @param names - As for `patch`; everything by default.
 * @throws {GH_INVALID_ARGUMENT} for an unknown name.
 * @example
 * ```ts
 * import { isPatched, patch, unpatch } from '@greenhouse/emulation'
 *
 * patch('events')
 * unpatch('events')
 * console.log(isPatched('events')) // => false
 * ```
 *
 * Source: greenhouse/emulation unpatch
 */
export function unpatch(...names: readonly string[]): void {
  update(namedPatches(names), (set) => {
    set.on = false
  })
}

/**
 * Whether a patch is applied, by `patch` or for a call of `patchedContext`.
 *
 * @param name - As for `patch`.
 * @throws {GH_INVALID_ARGUMENT} for an unknown name.
 * @example
 * ```ts
 * import { isPatched, patch, unpatch } from '@greenhouse/emulation'
 *
 * patch('node:events')
 * console.log(isPatched('events')) // => true
 * unpatch('events')
 * ```
 */
export function isPatched(name: string): boolean {
  return namedPatch(name).everywhere
}

/**
 * What stands behind a patched property: the function that was there before.
 *
 * @param name - As for `patch`.
 * @param key - The property: "readFile", "request". Of a class: "Resolver.prototype.resolve4".
 * @returns the original; undefined where that property is not patched.
 * @throws {GH_INVALID_ARGUMENT} for an unknown name.
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { getOriginal, patch, unpatch } from '@greenhouse/emulation'
 *
 * const before = once
 * patch('events')
 * console.log(getOriginal('events', 'once') === before) // => true
 * unpatch('events')
 * ```
 */
export function getOriginal(name: string, key: string): unknown {
  const { originals } = namedPatch(name)
  return originals.find((original) => original.path === key)?.value
}
