// One patch: the properties that are replaced under one name, and for whom. It is on for the process (`patch`), while a
// call runs (`patchedContext`), or for single greenlets only.
import { syncBuiltinESMExports } from 'node:module'
import { getCurrent, type Greenlet } from '@greenhouse/scheduler'
import { workScope, type WorkScope } from '@greenhouse/scheduler/kernel'
import { Original, type Replacement } from './originals.ts'
import type { Callable, Switch } from './wrapper.ts'

/** What stands behind the name of a patch. */
export interface PatchDefinition {
  /** As users write it: "fs/promises", "pg". */
  readonly name: string
  /** The properties to replace; asked for each time that the patch is applied. Absent ones are passed over. */
  readonly replacements: (patch: PatchSet) => readonly Replacement[]
  /** What views replace (see `view/views.ts`), where that is something else. */
  readonly viewed?: () => readonly Replacement[]
  /** Anything else to do when it is applied; gives what undoes it. */
  readonly subscribe?: (by: Switch) => () => void
  /** Whether `patch()` without names applies it: for a library, whether it is installed. Always, by default. */
  readonly present?: () => boolean
}

export class PatchSet implements Switch {
  readonly definition: PatchDefinition
  /** By `patch`. */
  on: boolean = false
  /** How many calls of `patchedContext` are under way. */
  contexts: number = 0
  /** In which greenlets alone it is on, each with how often. */
  readonly greenlets: Map<Greenlet, number> = new Map()
  originals: Original[] = []
  unsubscribe: (() => void) | null = null

  constructor(definition: PatchDefinition) {
    this.definition = definition
  }

  /** The scope to which a call made now belongs; null where it is left alone. */
  reach(): WorkScope | null {
    return this.everywhere || this.greenlets.has(getCurrent()) ? workScope() : null
  }

  get everywhere(): boolean {
    return this.on || this.contexts > 0
  }

  /** Replaces or restores what it should by now. */
  update(): void {
    if (this.everywhere || this.greenlets.size > 0) this.apply()
    else this.undo()
  }

  apply(): void {
    if (this.unsubscribe !== null) return
    // What stayed below the patch of somebody else works again, unless they have taken it away with theirs.
    this.originals = this.originals.filter((original) => !original.undone)
    for (const replacement of this.definition.replacements(this)) {
      if (typeof Reflect.get(replacement.target, replacement.key) !== 'function') continue
      if (!this.originals.some((original) => stands(original, replacement))) {
        this.originals.push(new Original(replacement, this))
      }
    }
    this.unsubscribe = this.definition.subscribe?.(this) ?? nothing
  }

  undo(): void {
    this.unsubscribe?.()
    this.unsubscribe = null
    this.originals = this.originals.filter((original) => !original.restore())
  }

  /** What stands behind a function, where that is a replacement. */
  behind(fn: Callable): Callable {
    return this.originals.find(({ replacement }) => replacement === fn)?.value ?? fn
  }

  /** Does something to the originals themselves, out of reach of the patch. */
  aside<R>(fn: () => R): R {
    this.undo()
    try {
      return fn()
    } finally {
      this.update()
      syncBuiltinESMExports()
    }
  }
}

function stands({ target, key }: Original, replacement: Replacement): boolean {
  return target === replacement.target && key === replacement.key
}

function nothing(): void {}
