// The calls of fs with a callback that take a signal: reading and writing a whole file. They stop at the next piece; the
// callback hears at once, and once.
import { followCallback } from '../callback-call.ts'
import type { PatchDefinition } from '../patch-set.ts'
import { signalled, SignalWork, takesSignal } from '../signal-work.ts'
import type { Callable } from '../wrapper.ts'
import { optionsOf } from './fs-promises.ts'

/** @internal */
export const fsPatch: PatchDefinition = {
  name: 'fs',
  replacements: () => {
    const target = process.getBuiltinModule('fs')
    // appendFile calls writeFile.
    return [
      { target, key: 'readFile', owned: (...call) => whole('fs.readFile', 1, ...call) },
      { target, key: 'writeFile', owned: (...call) => whole('fs.writeFile', 2, ...call) },
    ]
  },
}

function whole(
  kind: string,
  at: number,
  original: Callable,
  self: unknown,
  args: unknown[],
): unknown {
  const callback = args[at + 1] || args[at]
  const options = typeof args[at] === 'function' ? undefined : optionsOf(args[at])
  if (typeof callback !== 'function' || !takesSignal(options)) {
    return Reflect.apply(original, self, args)
  }
  const work = new SignalWork(kind, options?.signal)
  return followCallback(work, callback as Callable, (heard) =>
    Reflect.apply(original, self, [...args.slice(0, at), signalled(options, work), heard]),
  )
}
