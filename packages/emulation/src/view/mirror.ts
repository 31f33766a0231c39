// Objects that stand for others: they show what those have at each moment, but for some members.
import { standIn, type Callable } from '../patch/wrapper.ts'

/** Functions that stand in place of others. */
export type Members = readonly (readonly [key: PropertyKey, value: Callable])[]

/**
 * What stands for an object or a function: with the same prototype, keys and flags. What is no member is read from `real`, and
 * shown by `show`. What is written stays here, unless `real` has a setter for it.
 */
export function mirror(real: object, members: Members, show: (value: unknown) => unknown): object {
  const descriptors: PropertyDescriptorMap = {}
  for (const key of Reflect.ownKeys(real)) descriptors[key] = shown(real, key, show)
  for (const [key, value] of members) {
    const enumerable = Object.getOwnPropertyDescriptor(real, key)?.enumerable ?? false
    descriptors[key] = { value, enumerable, configurable: true, writable: true }
  }
  return typeof real === 'function'
    ? standIn(real as Callable, never, { reach: () => null }, descriptors)
    : (Object.create(Object.getPrototypeOf(real) as object, descriptors) as object)
}

/** A class that is another in all but some methods. */
export function subclass(real: new (...args: unknown[]) => object, methods: Members): Callable {
  const view = class extends real {}
  Object.defineProperty(view, 'name', { value: real.name, configurable: true })
  for (const [key, value] of methods) {
    const { prototype } = real as { prototype: object }
    const enumerable = Object.getOwnPropertyDescriptor(prototype, key)?.enumerable ?? false
    const descriptor = { value, enumerable, configurable: true, writable: true }
    Object.defineProperty(view.prototype, key, descriptor)
  }
  return view as unknown as Callable
}

function shown(
  real: object,
  key: PropertyKey,
  show: (value: unknown) => unknown,
): PropertyDescriptor {
  const own = Object.getOwnPropertyDescriptor(real, key)!
  const isData = 'value' in own
  const { enumerable = false, configurable = false, writable } = own
  if (isData && !(configurable && writable)) return own
  const get = (): unknown => show(Reflect.get(real, key))
  if (!isData && own.set === undefined) return { enumerable, configurable, get }
  return {
    enumerable,
    configurable,
    get,
    set(this: object, value: unknown): void {
      if (isData) Object.defineProperty(this, key, { ...own, value })
      else Reflect.set(real, key, value)
    },
  }
}

function never(): void {}
