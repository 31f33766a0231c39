// Builtins that step through what they are given: Array.from, Object.fromEntries, Promise.all and its like, `new Map`, `new Set`,
// and their like. Where the steps are green code they are suspended; the builtin itself does the rest.
import { types } from 'node:util'
import { call } from './call.ts'
import { attachTwin, isObject, SUSPEND, twinOf, type Callable, type Twin } from './convention.ts'
import { From } from './natives-array.ts'
import { start, type TwinBody } from './start.ts'
import { hasGreenSteps, stepThrough } from './step-through.ts'

export function installIterableTwins(): void {
  installFrom()
  installEntries()
  for (const name of ['all', 'allSettled', 'any', 'race'] as const) installCombinator(name)
  for (const collection of [Map, WeakMap] as unknown as Callable[]) {
    installCollection(collection, 'set', (value) => {
      if (!isObject(value)) Reflect.construct(collection, [[value]])
      const [key, item] = [(value as unknown[])[0], (value as unknown[])[1]]
      return [key, item]
    })
  }
  for (const collection of [Set, WeakSet] as unknown as Callable[]) {
    installCollection(collection, 'add', (value) => [value])
  }
  for (const name of TYPED) {
    installTyped((globalThis as unknown as Record<string, Callable>)[name]!)
  }
}

const TYPED = (
  'Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array ' +
  'BigInt64Array BigUint64Array'
).split(' ')

function isIterable(value: unknown): boolean {
  if (value === null || value === undefined) return false
  return typeof (value as Iterable<unknown>)[Symbol.iterator] === 'function'
}

/** `Array.from(items, mapFn, self)`: steps and calls alternate. */
function installFrom(): void {
  const original = Array.from as Callable
  attachTwin(original, function (items: unknown, mapFn: unknown, self: unknown) {
    const twin = twinOf(mapFn)
    const isMapped = typeof mapFn === 'function'
    const isOurs = this === Array && (isMapped || mapFn === undefined)
    if (!isOurs || (twin === undefined && !hasGreenSteps(items))) {
      return Reflect.apply(original, this, [items, mapFn, self])
    }
    if (!isIterable(items)) {
      return new From(Reflect.apply(original, Array, [items]) as unknown[], twin!, self).go()
    }
    const made: unknown[] = []
    return stepThrough(items, {
      give: (value) => (isMapped ? call('mapFn', self, mapFn, value, made.length) : value),
      take: (value) => made.push(value),
      end: () => made,
    })
  })
}

function installEntries(): void {
  const original = Object.fromEntries as Callable
  attachTwin(original, function (entries: unknown) {
    if (!hasGreenSteps(entries)) return Reflect.apply(original, this, [entries])
    const made = {}
    return stepThrough(entries, {
      // It says itself what is wrong with an entry.
      give: (entry) => void Object.assign(made, Reflect.apply(original, Object, [[entry]])),
      end: () => made,
    })
  })
}

// oxlint-disable-next-line typescript/unbound-method
const promiseThen = Promise.prototype.then as Callable

function installCombinator(name: 'all' | 'allSettled' | 'any' | 'race'): void {
  const original = Promise[name] as Callable
  attachTwin(original, function (iterable: unknown) {
    if (this !== Promise || !hasGreenSteps(iterable)) {
      return Reflect.apply(original, this, [iterable])
    }
    return start(collect as TwinBody, undefined, [], 0, undefined)
    function* collect(): Generator<unknown, unknown, unknown> {
      const items: unknown[] = []
      try {
        const result = stepThrough(iterable, {
          give: (item) => {
            // The builtin listens to it from now on: it is not unhandled while the next one is waited for.
            if (types.isPromise(item)) void Reflect.apply(promiseThen, item, [undefined, () => {}])
            items.push(item)
          },
          end: () => undefined,
        })
        if (result === SUSPEND) yield
      } catch (error) {
        return Promise.reject(error as Error)
      }
      return Reflect.apply(original, Promise, [items])
    }
  })
}

/** A constructor that adds each value by a method of what it makes. */
function installCollection(
  original: Callable,
  method: 'set' | 'add',
  argumentsOf: (value: unknown) => unknown[],
): void {
  install(original, (args, newTarget) => {
    if (!hasGreenSteps(args[0])) return Reflect.construct(original, args, newTarget)
    const made = Reflect.construct(original, [], newTarget) as Record<string, unknown>
    const adder = made[method]
    if (typeof adder !== 'function') return Reflect.construct(original, args, newTarget)
    return stepThrough(args[0], {
      give: (value) => call('adder', made, adder, ...argumentsOf(value)),
      end: () => made,
    })
  })
}

/** A constructor that makes a list of what it is given first. */
function installTyped(original: Callable): void {
  install(original, (args, newTarget) => {
    if (!hasGreenSteps(args[0])) return Reflect.construct(original, args, newTarget)
    const list: unknown[] = []
    return stepThrough(args[0], {
      give: (value) => void list.push(value),
      end: () => Reflect.construct(original, [list, ...args.slice(1)], newTarget) as unknown,
    })
  })
}

function install(original: Callable, construct: NonNullable<Twin['construct']>): void {
  const twin: Twin = function (...args) {
    return Reflect.apply(original, this, args)
  }
  twin.construct = construct
  attachTwin(original, twin)
}
