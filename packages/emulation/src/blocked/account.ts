// The account of what really blocked inside a greenlet, by place.
import type { BlockCategory } from './causes.ts'
import { whyBlocked } from './why.ts'

/** A place at which greenlets were blocked. */
export interface BlockedPlace {
  /** What was called: `fs.readFileSync`. */
  readonly kind: string
  /** Which kind of call on the way to it could not be suspended. */
  readonly category: BlockCategory
  /** The same in words. */
  readonly reason: string
  /** The first frame of the program: `file:line:column`. */
  readonly site: string
  /** Milliseconds, all calls together. */
  ms: number
  count: number
}

const places = new Map<string, BlockedPlace>()
/** The places that were warned of. */
const warned = new Set<string>()
/** From when on a block is worth a warning. */
const LONG_MS = Number(process.env['GREENHOUSE_BLOCKED_MS'] ?? 100)

/** Enters a call that blocked. `harms`: while a greenlet ran, so that others may have waited for it. */
export function blocked(kind: string, ms: number, harms: boolean): void {
  const why = whyBlocked()
  if (why === null) return
  const { category, reason, site } = why
  const key = [kind, category, reason, site].join('\n')
  const known = places.get(key)
  if (known === undefined) places.set(key, { kind, category, reason, site, ms, count: 1 })
  else {
    known.ms += ms
    known.count++
  }
  if (harms && ms >= LONG_MS && !warned.has(key)) {
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
