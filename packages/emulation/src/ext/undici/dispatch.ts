// One request, seen through the handler that hears of its progress. Handlers come in two kinds: those of undici 6 get a
// function to abort with, later ones a controller.
//
//   waits for a connection --started--> under way --answer's body ends, upgrade, or error--> over
import type { EventEmitter } from 'node:events'
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { Call, refused } from '../core/call.ts'

type Handler = Record<string, ((...args: never[]) => unknown) | undefined>
type Dispatch = (this: object, options: unknown, handler: unknown) => boolean

/** Dispatcher.dispatch: agents, pools and clients hand a request down by it. */
export function dispatchOf(original: Dispatch): Dispatch {
  return function (options, handler) {
    if (!inScope() || !isHandler(handler)) return original.call(this, options, handler)
    const owned = own(handler)
    if (owned === null) return true
    return outsideScopes(() => original.call(this, options, owned))
  }
}

/** The handler of a request that belongs to the current scope; null when it must not begin, and has been answered. */
function own(handler: Handler): Handler | null {
  let abort: ((reason: unknown) => void) | null = null
  let why: unknown
  const fail = (reason: unknown): void => {
    if (abort !== null) {
      // A body that nobody reads has nobody who hears of its error either.
      ;(handler['res'] as unknown as Partial<EventEmitter> | null)?.on?.('error', () => {})
      abort(reason)
    } else if (handler['onResponseError'] === undefined) handler['onError']?.(reason as never)
    else handler['onResponseError'](NEVER_STARTED as never, reason as never)
  }
  if (refused(fail)) return null
  const call = new Call('undici request', fail, (reason) => {
    why = reason
  })
  const start = (name: string, args: unknown[], aborts: typeof abort): unknown => {
    // Thrown here, before anything is sent, the error leaves the connection as it is.
    if (!call.open) throw why as Error
    abort = aborts
    return handler[name]!(...(args as never[]))
  }
  const owned: Handler = {}
  for (const name of EVENTS) {
    if (typeof handler[name] !== 'function') continue
    owned[name] = (...args: unknown[]) => {
      if (STARTS.has(name)) return start(name, args, aborter(args[0]))
      // What has been sent is told of its abort by undici itself, in its own words.
      if (ENDS.has(name) && !call.close() && abort === null) return undefined
      return handler[name]!(...(args as never[]))
    }
  }
  return owned
}

const EVENTS = [
  'onConnect',
  'onResponseStarted',
  'onHeaders',
  'onData',
  'onComplete',
  'onError',
  'onUpgrade',
  'onBodySent',
  'onRequestSent',
  'onRequestStart',
  'onRequestUpgrade',
  'onResponseStart',
  'onResponseData',
  'onResponseEnd',
  'onResponseError',
]
const STARTS = new Set(['onConnect', 'onRequestStart'])
const ENDS = new Set([
  'onComplete',
  'onError',
  'onUpgrade',
  'onRequestUpgrade',
  'onResponseEnd',
  'onResponseError',
])

/** The controller of a request that never got one. */
const NEVER_STARTED = {
  paused: false,
  aborted: true,
  pause(): void {},
  resume(): void {},
  abort(): void {},
}

function aborter(given: unknown): (reason: unknown) => void {
  if (typeof given === 'function') return given as (reason: unknown) => void
  const controller = given as { abort(reason: unknown): void }
  return (reason) => controller.abort(reason)
}

function isHandler(handler: unknown): handler is Handler {
  return typeof handler === 'object' && handler !== null
}
