// Values of one's own: what one greenlet stores, others do not see.
import { getCurrent, mainGreenlet, type Greenlet } from '@greenhouse/scheduler'
import { checkOptions } from '@greenhouse/scheduler/kernel'

/** How a Local is made. */
export interface LocalOptions {
  /** Whether a greenlet starts with a copy of its parent's values, made at its first use of the Local; false by default. */
  readonly inherit?: boolean | undefined
}

/** An object with other properties in each greenlet. What was not set there is undefined. */
export type Local<T extends object = Record<string, unknown>> = Partial<T>

/** Makes Locals. */
export interface LocalConstructor {
  /** Makes a Local. */
  new <T extends object = Record<string, unknown>>(options?: LocalOptions): Local<T>
  readonly prototype: object
}

/**
 * An object whose properties belong to the greenlet that sets them: they can be read, set, deleted, asked for by `in` and listed
 * by `Object.keys` as usual. The code outside every greenlet has values of its own. They go when their greenlet does.
 *
 * @param options - `inherit`.
 * @throws {GH_INVALID_ARGUMENT} when `options` is no object.
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { Local } from '@greenhouse/util'
 *
 * const request = new Local<{ user: string }>()
 * request.user = 'ann'
 * await schedule(async () => {
 *   console.log(request.user) // => undefined
 *   request.user = 'bob'
 * }).join()
 * console.log(request.user) // => ann
 * ```
 *
 * Source: greenhouse/utils.py Local. Differs: an attribute that was not set is undefined, as in any object.
 */
export const Local: LocalConstructor = class Local {
  constructor(options?: LocalOptions) {
    checkOptions('options', options)
    return new Proxy(this, new OfCurrent(options?.inherit === true))
  }
} as LocalConstructor

type Values = Record<PropertyKey, unknown>

/** Sends everything that is done with the object to the values of the current greenlet. */
class OfCurrent implements ProxyHandler<object> {
  readonly values = new WeakMap<Greenlet, Values>()
  readonly inherit: boolean

  constructor(inherit: boolean) {
    this.inherit = inherit
  }

  own(greenlet: Greenlet = getCurrent()): Values {
    let values = this.values.get(greenlet)
    if (values === undefined) {
      values =
        this.inherit && greenlet !== mainGreenlet
          ? { ...this.own(greenlet.parent ?? mainGreenlet) }
          : {}
      Object.setPrototypeOf(values, Local.prototype)
      this.values.set(greenlet, values)
    }
    return values
  }

  get(_target: object, key: PropertyKey): unknown {
    return this.own()[key]
  }

  set(_target: object, key: PropertyKey, value: unknown): boolean {
    this.own()[key] = value
    return true
  }

  has(_target: object, key: PropertyKey): boolean {
    return key in this.own()
  }

  deleteProperty(_target: object, key: PropertyKey): boolean {
    return delete this.own()[key]
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.own())
  }

  getOwnPropertyDescriptor(_target: object, key: PropertyKey): PropertyDescriptor | undefined {
    return Reflect.getOwnPropertyDescriptor(this.own(), key)
  }

  defineProperty(_target: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
    if (descriptor.configurable === false) return false
    return Reflect.defineProperty(this.own(), key, { ...descriptor, configurable: true })
  }

  preventExtensions(): boolean {
    return false
  }
}
