// The calls of fs with a callback that take a signal: reading and writing a whole file. They stop at the next piece; the
// callback hears at once, and once.
import { followCallback } from '../callback-call.ts'
import type { PatchDefinition } from '../patch-set.ts'
import { signalled, SignalWork, takesSignal } from '../signal-work.ts'
import type { Callable, Owned } from '../wrapper.ts'
import { optionsOf } from './fs-promises.ts'

/** @internal */
export const fsPatch: PatchDefinition = {
  name: 'fs',
  replacements: () => {
    const target = process.getBuiltinModule('fs')
    // appendFile calls writeFile.
    return [
      { target, key: 'readFile', owned: ownedBy('fs.readFile', 1) },
      { target, key: 'writeFile', owned: ownedBy('fs.writeFile', 2) },
    ]
  },
}

/** @param at - Where the options stand; the callback comes after them. */
function ownedBy(kind: string, at: number): Owned {
  return (original, self, args) => {
    const callback: unknown = args[at + 1] || args[at]
    const options = typeof args[at] === 'function' ? undefined : optionsOf(args[at])
    if (typeof callback !== 'function' || !takesSignal(options)) {
      return Reflect.apply(original, self, args)
    }
    const work = new SignalWork(kind, options?.signal)
    return followCallback(work, callback as Callable, (heard) =>
      Reflect.apply(original, self, [...args.slice(0, at), signalled(options, work), heard]),
    )
  }
}
