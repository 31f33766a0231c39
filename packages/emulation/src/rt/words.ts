// `super.x` and tagged templates, which a twin cannot write as the language does.

export function superGet(home: object, key: PropertyKey, self: object): unknown {
  return Reflect.get(Object.getPrototypeOf(home), key, self)
}

export function superSet(home: object, key: PropertyKey, self: object, value: unknown): unknown {
  if (!Reflect.set(Object.getPrototypeOf(home), key, value, self)) {
    throw new TypeError(`Cannot assign to read only property '${String(key)}' of object`)
  }
  return value
}

/** As a tag: the arguments that the template would hand to its own. */
export function quasi(strings: TemplateStringsArray, ...values: unknown[]): unknown[] {
  return [strings, ...values]
}
