// What views replace: the functions that patches do, by the object that has them. A module is looked at when somebody first
// asks for it, so that none is loaded in vain.
import { builtins } from '../patch/builtins.ts'
import type { Replacement } from '../patch/originals.ts'
import type { PatchSet } from '../patch/patch-set.ts'
import { namedPatch } from '../patch/registry.ts'

/** A function that is replaced, where it is there. */
export interface Change extends Replacement {
  readonly patch: PatchSet
}

/** The changes of each object of Node that a view shows otherwise; of a class, those of its prototype. */
export const changes: Map<unknown, Change[]> = new Map()

/** Whether anything is replaced in a module of Node, or in what it holds. */
export function isViewed(module: string): boolean {
  return patchesOf(module).length > 0
}

const modules = new Set<string>()
const patches = new Set<string>()

/** Collects what is replaced in a module of Node, and in what it holds. */
export function collect(module: string): void {
  if (modules.has(module)) return
  modules.add(module)
  const names = patchesOf(module)
  for (const name of names) if (!patches.has(name)) enter(name)
  const real: unknown = process.getBuiltinModule(module)
  // One that only holds what is changed must show that.
  if (names.length > 0 && real !== undefined) changesOf(real)
}

function enter(name: string): void {
  patches.add(name)
  const patch = namedPatch(name)
  const { viewed, replacements } = patch.definition
  for (const replacement of viewed?.() ?? replacements(patch)) {
    const { target } = replacement
    changesOf(classOf(target) ?? target).push({ ...replacement, patch })
  }
}

/** The class that a prototype belongs to. */
function classOf(target: object): unknown {
  const maker: unknown = Object.getOwnPropertyDescriptor(target, 'constructor')?.value
  return typeof maker === 'function' && maker.prototype === target ? maker : undefined
}

function changesOf(real: unknown): Change[] {
  let list = changes.get(real)
  if (list === undefined) changes.set(real, (list = []))
  return list
}

/** The patches that reach into a module: its own and that of its `promises`; into `util`, whose `promisify` gives such. */
function patchesOf(module: string): string[] {
  const reaching =
    module === 'util' ? ['stream/promises', 'timers/promises'] : [module, `${module}/promises`]
  return builtins.map(({ name }) => name).filter((name) => reaching.includes(name))
}
