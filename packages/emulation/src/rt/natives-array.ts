// Array.prototype.*, and forEach of Map and Set.
import { attachTwin, Frame, link, SUSPEND, twinOf, type Callable, type Twin } from './convention.ts'

/** A loop over an array whose callback was suspended, or may be. */
abstract class Loop extends Frame {
  readonly items: Record<number, unknown>
  readonly twin: Twin
  readonly self: unknown
  readonly end: number
  readonly step: 1 | -1
  at: number
  item: unknown = undefined

  constructor(items: object, twin: Twin, self: unknown, reversed = false) {
    super()
    this.items = items as Record<number, unknown>
    this.twin = twin
    this.self = self
    const length = lengthOf(items)
    this.step = reversed ? -1 : 1
    this.at = reversed ? length - 1 : 0
    this.end = reversed ? -1 : length
  }

  /** Whether indices that are not there are passed over. */
  readonly skipsHoles: boolean = true

  /** Takes a result of the callback; true ends the loop. */
  abstract take(value: unknown): boolean
  abstract result(): unknown

  invoke(): unknown {
    return Reflect.apply(this.twin, this.self, [this.item, this.at, this.items])
  }

  go(): unknown {
    const { items, end, step } = this
    for (; this.at !== end; this.at += step) {
      if (this.skipsHoles && !(this.at in items)) continue
      this.item = items[this.at]
      const value = this.invoke()
      if (value === SUSPEND) return link(this)
      if (this.take(value)) return this.result()
    }
    return this.result()
  }

  resume(value: unknown, isError: boolean): unknown {
    if (isError) throw value
    if (this.take(value)) return this.result()
    this.at += this.step
    return this.go()
  }
}

class ForEach extends Loop {
  take(): boolean {
    return false
  }
  result(): undefined {
    return undefined
  }
}

class MapLoop extends Loop {
  readonly made: unknown[] = new Array(this.end)
  take(value: unknown): boolean {
    this.made[this.at] = value
    return false
  }
  result(): unknown[] {
    return this.made
  }
}

class Filter extends Loop {
  readonly made: unknown[] = []
  take(value: unknown): boolean {
    if (value) this.made.push(this.item)
    return false
  }
  result(): unknown[] {
    return this.made
  }
}

class FlatMap extends Loop {
  readonly made: unknown[] = []
  take(value: unknown): boolean {
    if (!Array.isArray(value)) this.made.push(value)
    else for (let i = 0; i < value.length; i++) if (i in value) this.made.push(value[i])
    return false
  }
  result(): unknown[] {
    return this.made
  }
}

class Some extends Loop {
  found = false
  take(value: unknown): boolean {
    return (this.found = Boolean(value))
  }
  result(): boolean {
    return this.found
  }
}

class Every extends Some {
  override take(value: unknown): boolean {
    return (this.found = !value)
  }
  override result(): boolean {
    return !this.found
  }
}

class Find extends Some {
  override readonly skipsHoles: boolean = false
  override result(): never {
    return (this.found ? this.item : undefined) as never
  }
}

class FindIndex extends Find {
  override result(): never {
    return (this.found ? this.at : -1) as never
  }
}

class Reduce extends Loop {
  sum: unknown = undefined
  override invoke(): unknown {
    return Reflect.apply(this.twin, undefined, [this.sum, this.item, this.at, this.items])
  }
  take(value: unknown): boolean {
    this.sum = value
    return false
  }
  result(): unknown {
    return this.sum
  }

  /** Begins with the first item that is there. */
  begin(initial: readonly unknown[]): unknown {
    if (initial.length > 0) this.sum = initial[0]
    else {
      while (this.at !== this.end && !(this.at in this.items)) this.at += this.step
      if (this.at === this.end) throw new TypeError('Reduce of empty array with no initial value')
      this.sum = this.items[this.at]
      this.at += this.step
    }
    return this.go()
  }
}

type Kind = new (items: object, twin: Twin, self: unknown, reversed?: boolean) => Loop

export function installArrayTwins(): void {
  const prototype = Array.prototype as unknown as Record<string, Callable>
  const loops: [string, Kind, boolean][] = [
    ['forEach', ForEach, false],
    ['map', MapLoop, false],
    ['filter', Filter, false],
    ['flatMap', FlatMap, false],
    ['some', Some, false],
    ['every', Every, false],
    ['find', Find, false],
    ['findIndex', FindIndex, false],
    ['findLast', Find, true],
    ['findLastIndex', FindIndex, true],
  ]
  for (const [name, LoopKind, reversed] of loops) {
    const original = prototype[name]!
    const makes = name === 'map' || name === 'filter' || name === 'flatMap'
    attachTwin(original, function (callback: unknown, self: unknown) {
      const twin = twinOf(callback)
      if (twin === undefined || !isLooped(this, makes)) {
        return Reflect.apply(original, this, [callback, self])
      }
      return new LoopKind(this, twin, self, reversed).go()
    })
  }
  for (const name of ['reduce', 'reduceRight']) {
    const original = prototype[name]!
    attachTwin(original, function (callback: unknown, ...initial: unknown[]) {
      const twin = twinOf(callback)
      if (twin === undefined || !isLooped(this, false)) {
        return Reflect.apply(original, this, [callback, ...initial])
      }
      return new Reduce(this, twin, undefined, name === 'reduceRight').begin(initial)
    })
  }
  for (const { prototype: collection } of [Map, Set]) installForEach(collection as Collection)
}

/** Whether a loop of ours is the builtin's: makers of arrays ask the array for its species. */
function isLooped(value: unknown, makes: boolean): value is object {
  if (typeof value !== 'object' || value === null) return false
  return !makes || (Array.isArray(value) && value.constructor === Array)
}

function lengthOf(items: object): number {
  const length = Math.trunc(Number((items as { length?: unknown }).length))
  return length > 0 ? Math.min(length, Number.MAX_SAFE_INTEGER) : 0
}

/** The part of `Array.from` that maps an array-like: it has no holes. */
export class From extends MapLoop {
  override readonly skipsHoles: boolean = false
  override invoke(): unknown {
    return Reflect.apply(this.twin, this.self, [this.item, this.at])
  }
}

interface Collection {
  readonly forEach: Callable
  readonly entries: Callable
}

function installForEach(prototype: Collection): void {
  const { forEach: original, entries } = prototype
  attachTwin(original, function (callback: unknown, self: unknown) {
    const twin = twinOf(callback)
    if (twin === undefined) return Reflect.apply(original, this, [callback, self])
    return new Entries(this as object, Reflect.apply(entries, this, []), twin, self).go()
  })
}

class Entries extends Frame {
  readonly collection: object
  readonly entries: Iterator<[unknown, unknown]>
  readonly twin: Twin
  readonly self: unknown

  constructor(
    collection: object,
    entries: Iterator<[unknown, unknown]>,
    twin: Twin,
    self: unknown,
  ) {
    super()
    this.collection = collection
    this.entries = entries
    this.twin = twin
    this.self = self
  }

  go(): unknown {
    for (;;) {
      const { done, value } = this.entries.next()
      if (done === true) return undefined
      const args = [value[1], value[0], this.collection]
      if (Reflect.apply(this.twin, this.self, args) === SUSPEND) return link(this)
    }
  }

  resume(value: unknown, isError: boolean): unknown {
    if (isError) throw value
    return this.go()
  }
}
