// events.once and events.on: a wait for an event belongs to the scope in which it is made.
import { refused } from '../call-work.ts'
import { ownNext } from '../own-iterator.ts'
import type { PatchDefinition } from '../patch-set.ts'
import { signalled, SignalWork, takesSignal } from '../signal-work.ts'
import type { Callable } from '../wrapper.ts'

/** @internal */
export const eventsPatch: PatchDefinition = {
  name: 'events',
  replacements: () => {
    const target = process.getBuiltinModule('events')
    return [
      { target, key: 'once', owned: ownedOnce },
      { target, key: 'on', owned: ownedOn },
    ]
  },
}

function ownedOnce(once: Callable, self: unknown, args: unknown[]): unknown {
  const [emitter, name, options] = args
  if (!takesSignal(options)) return Reflect.apply(once, self, args)
  const work = new SignalWork('events.once', options?.signal)
  return (
    refused() ?? work.follow(Reflect.apply(once, self, [emitter, name, signalled(options, work)]))
  )
}

function ownedOn(on: Callable, self: unknown, args: unknown[]): unknown {
  const [emitter, name, options] = args
  if (!takesSignal(options)) return Reflect.apply(on, self, args)
  const work = new SignalWork('events.on', options?.signal)
  return ownNext(Reflect.apply(on, self, [emitter, name, signalled(options, work)]), work)
}
