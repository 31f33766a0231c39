// The account of what really blocked inside a greenlet, by place.

/** A place at which greenlets were blocked. */
export interface BlockedPlace {
  readonly kind: string
  readonly reason: string
  /** The first frame that is not the runtime's: `file:line:column`. */
  readonly site: string
  ms: number
  count: number
}

const places = new Map<string, BlockedPlace>()
/** The places that were warned of. */
const warned = new Set<string>()
/** From when on a block is worth a warning. */
const LONG_MS = Number(process.env['GREENHOUSE_BLOCKED_MS'] ?? 100)

/** Enters a call that blocked although a greenlet made it. */
export function blocked(kind: string, reason: string, ms = 0): void {
  const site = firstUserFrame(longStack())
  const key = `${kind}\n${reason}\n${site}`
  const known = places.get(key)
  if (known === undefined) places.set(key, { kind, reason, site, ms, count: 1 })
  else {
    known.ms += ms
    known.count++
  }
  if (ms >= LONG_MS && !warned.has(key)) {
    warned.add(key)
    const told = `${kind} blocked all greenlets for ${Math.round(ms)} ms at ${site}: ${reason}`
    process.emitWarning(told, { type: 'GreenhouseWarning', code: 'GH_BLOCKED' })
  }
}

export function blockedPlaces(): readonly BlockedPlace[] {
  return [...places.values()]
}

export function forgetBlocked(): void {
  places.clear()
}

const HERE = /[\\/]emulation[\\/](?:src[\\/]rt|dist)[\\/]|\(?node:|\(<anonymous>\)|at <anonymous>$/

/** The frames of the runtime alone may be as many as V8 keeps. */
function longStack(): string {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 50
  const { stack } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  return stack ?? ''
}

function firstUserFrame(stack: string): string {
  for (const line of stack.split('\n').slice(1)) {
    if (HERE.test(line)) continue
    return /\(([^()]+)\)\s*$/.exec(line)?.[1] ?? line.trim().replace(/^at (?:async )?/, '')
  }
  return 'unknown'
}
