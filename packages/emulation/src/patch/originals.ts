// The table of originals: which property of which object was replaced, and what stood there. The first save wins, so that
// undo is exact: descriptor, flags, and whether the object had the property itself.
//
// Others patch the same functions. Where ours is covered by theirs at undo, it stays below, and lets everything through.
import { standIn, type Callable, type Owned, type Switch } from './wrapper.ts'

/** A property to be replaced. */
export interface Replacement {
  readonly target: object
  readonly key: PropertyKey
  /** What users call it, where that is more than the key. */
  readonly path?: string
  /** What the property's function becomes, inside scopes. */
  readonly owned: Owned
  /** Outside of them, too. */
  readonly always?: boolean
}

/** Stands for whatever scope there is: what is always replaced does not look at it. */
const ANY = {}
const ALWAYS: Switch = { reach: () => ANY }

export class Original {
  readonly target: object
  readonly key: PropertyKey
  readonly path: string
  /** As it was; undefined where the property was inherited. */
  readonly descriptor: PropertyDescriptor | undefined
  readonly value: Callable
  readonly replacement: Callable

  constructor({ target, key, path, owned, always }: Replacement, by: Switch) {
    this.target = target
    this.key = key
    this.path = path ?? String(key)
    this.descriptor = Object.getOwnPropertyDescriptor(target, key)
    this.value = Reflect.get(target, key) as Callable
    this.replacement = standIn(this.value, owned, always === true ? ALWAYS : by)
    this.put()
  }

  /** Puts the replacement in place, with the flags of what was there. */
  put(): void {
    Object.defineProperty(this.target, this.key, {
      configurable: true,
      enumerable: this.descriptor?.enumerable ?? true,
      writable: true,
      value: this.replacement,
    })
  }

  /** Whether nobody has covered it. */
  get onTop(): boolean {
    return Object.getOwnPropertyDescriptor(this.target, this.key)?.value === this.replacement
  }

  /** Whether what stands there now is what stood there before. */
  get undone(): boolean {
    return Reflect.get(this.target, this.key) === this.value
  }

  /** Puts back what was there; false when it lies below the patch of somebody else. */
  restore(): boolean {
    if (!this.onTop) return this.undone
    if (this.descriptor === undefined)
      delete (this.target as Record<PropertyKey, unknown>)[this.key]
    else Object.defineProperty(this.target, this.key, this.descriptor)
    return true
  }
}
