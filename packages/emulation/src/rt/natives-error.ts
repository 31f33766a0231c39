// Error.captureStackTrace called by green code with the function whose callers are wanted: what runs in that function's stead
// has another identity, so that V8 would not find it on the stack and leave nothing.
import { noteCallers } from './callers.ts'
import { attachTwin, isObject, twinOf, type Callable } from './convention.ts'

const hidden = new WeakMap<object, string>()

export function installErrorTwins(): void {
  const original = Reflect.get(Error, 'captureStackTrace') as Callable
  attachTwin(original, function (...args) {
    const [target, above] = args
    if (!isObject(target) || twinOf(above) === undefined) return Reflect.apply(original, this, args)
    noteCallers(target)
    hidden.set(target, (above as Callable).name)
    return Reflect.apply(original, this, [target])
  })
}

/** The name of the function whose callers a stack begins with; undefined for all of it. */
export function hiddenAbove(target: object): string | undefined {
  return hidden.get(target)
}
