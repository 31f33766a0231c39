// The calls of fs with a callback that take a signal: reading and writing a whole file. They stop at the next piece; the
// callback hears at once, and once.
import { attach, detach, takePendingInterruption } from '@greenhouse/scheduler/kernel'
import { AbortError } from '../abort-error.ts'
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
  const work = new CallbackWork(kind, options?.signal, callback as Callable)
  const pending = takePendingInterruption()
  if (pending !== null) work.refuse(pending.error)
  const given = [...args.slice(0, at), signalled(options, work), work.done]
  // What throws for its arguments has not begun.
  const result: unknown = Reflect.apply(original, self, given)
  if (pending === null) attach(work)
  return result
}

class CallbackWork extends SignalWork {
  readonly callback: Callable
  told = false

  constructor(kind: string, user: AbortSignal | undefined, callback: Callable) {
    super(kind, user)
    this.callback = callback
  }

  /** Node finds itself aborted, and says so. */
  refuse(reason: unknown): void {
    this.cancelled = true
    this.why = reason
  }

  override abort(reason: unknown): void {
    super.abort(reason)
    this.told = true
    process.nextTick(this.callback, new AbortError(reason))
  }

  readonly done = (...outcome: unknown[]): void => {
    detach(this)
    if (!this.told) Reflect.apply(this.callback, undefined, outcome)
  }
}
