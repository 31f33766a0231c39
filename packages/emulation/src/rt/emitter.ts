// EventEmitter.prototype.emit called by green code: the listeners run inside of the caller, one after another, and it waits
// for each.
import { EventEmitter } from 'node:events'
import { call } from './call.ts'
import { attachTwin, SUSPEND, follow, twinOf, type Callable } from './convention.ts'

/** A listener as `rawListeners` gives it: `once` wraps the one that was given. */
export type Listener = Callable & { readonly listener?: Callable }

let installed = false

/** Gives `emit` its twin, once. */
export function installEmitter(): void {
  if (installed) return
  installed = true
  // oxlint-disable-next-line typescript/unbound-method
  const original = EventEmitter.prototype.emit as Callable
  attachTwin(original, function (...args) {
    const [event, ...values] = args as [string | symbol, ...unknown[]]
    const emitter = this as EventEmitter
    const listeners = greenListeners(emitter, event)
    if (listeners === null) return Reflect.apply(original, emitter, args)
    return runListeners(emitter, event, listeners, values)
  })
}

/** The listeners of an event, in order; null where none of them can be suspended. */
export function greenListeners(emitter: EventEmitter, event: string | symbol): Listener[] | null {
  const isPlain = typeof emitter.rawListeners === 'function' && emitter.listenerCount(event) > 0
  if (!isPlain) return null
  const listeners = emitter.rawListeners(event) as Listener[]
  return listeners.some((listener) => twinOf(given(listener)) !== undefined) ? listeners : null
}

/** Calls all listeners; gives what a twin gives. */
export function runListeners(
  emitter: EventEmitter,
  event: string | symbol,
  listeners: readonly Listener[],
  values: readonly unknown[],
  from = 0,
): unknown {
  for (let i = from; i < listeners.length; i++) {
    const listener = listeners[i]!
    if (isOnce(listener)) emitter.removeListener(event, listener)
    const result = call('listener', emitter, given(listener), ...values)
    if (result === SUSPEND) {
      return follow(result, () => runListeners(emitter, event, listeners, values, i + 1))
    }
  }
  return true
}

function given(listener: Listener): Callable {
  return isOnce(listener) ? listener.listener! : listener
}

function isOnce(listener: Listener): boolean {
  return listener.listener !== undefined && listener.name === 'bound onceWrapper'
}
