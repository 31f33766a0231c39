// All patches by name: one table per process, whatever the number of copies of this package.
import { wrongValue } from '@greenhouse/scheduler/kernel'
import { clientPatches } from '../ext/clients.ts'
import { builtins } from './builtins.ts'
import { PatchSet, type PatchDefinition } from './patch-set.ts'

const CELL = Symbol.for('@greenhouse/emulation/patches@1')

/** Modules whose sockets belong to scopes only by `own`. */
const SOCKETS: readonly string[] = ['net', 'tls', 'dgram']

const cell = globalThis as unknown as Record<symbol, Map<string, PatchSet> | undefined>
const sets: Map<string, PatchSet> = (cell[CELL] ??= new Map(
  [...builtins, ...clientPatches()].map((definition) => [
    definition.name,
    new PatchSet(definition),
  ]),
))

/** Makes a patch known; the first of a name stays. */
export function definePatch(definition: PatchDefinition): PatchSet {
  let set = sets.get(definition.name)
  if (set === undefined) sets.set(definition.name, (set = new PatchSet(definition)))
  return set
}

/** The names that `patch` takes. */
export function patchNames(): string[] {
  return [...sets.keys()]
}

/** The patches of these names; all without any. */
export function namedPatches(names: readonly string[]): PatchSet[] {
  return names.length > 0 ? names.map(namedPatch) : [...sets.values()]
}

/** The patches of these names; without any, all whose module or library is there. */
export function presentPatches(names: readonly string[]): PatchSet[] {
  const named = namedPatches(names)
  return names.length > 0 ? named : named.filter(({ definition }) => definition.present?.() ?? true)
}

/** The patch of a name, with or without `node:` before it. */
export function namedPatch(name: string): PatchSet {
  const bare = typeof name === 'string' ? name.replace(/^node:/, '') : name
  const set = sets.get(bare)
  if (set !== undefined) return set
  const sockets = SOCKETS.includes(bare) ? ' (sockets belong to scopes by `own(socket)`)' : ''
  return wrongValue('name', `one of ${patchNames().join(', ')}${sockets}`, name)
}
