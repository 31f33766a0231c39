// Something that happens to a greenlet later: it starts, or an exception reaches it. Forgotten when the greenlet finishes.
import { DAEMON } from './life.ts'
import { extraOf } from './extra.ts'
import type { Scope } from './scope.ts'
import { currentClock, startTimer, type Bucket, type Timer } from './timers.ts'

/** Calls `act` with the scope after a delay. */
export function afterDelay<S extends Scope>(scope: S, ms: number, act: (scope: S) => void): void {
  startTimer(noted(new Later(scope, act, -Infinity)), ms)
}

/** Calls `act` with the scope at a moment of the wall clock, which may be set back or forth meanwhile. */
export function atMoment<S extends Scope>(
  scope: S,
  epochMs: number,
  act: (scope: S) => void,
): void {
  noted(new Later(scope, act, epochMs)).waitForWallClock()
}

/** How often a wait for a moment of the wall clock looks whether the clock was set forth. */
const LONGEST_NAP_MS = 60_000

class Later<S extends Scope> implements Timer {
  bucket: Bucket | null = null
  earlier: Timer | null = null
  later: Timer | null = null
  readonly scope: S
  readonly act: (scope: S) => void
  readonly epochMs: number

  constructor(scope: S, act: (scope: S) => void, epochMs: number) {
    this.scope = scope
    this.act = act
    this.epochMs = epochMs
  }

  get keepsProcess(): boolean {
    return (this.scope.bits & DAEMON) === 0
  }

  waitForWallClock(): void {
    startTimer(this, Math.min(LONGEST_NAP_MS, Math.max(0, this.epochMs - currentClock().wallNow())))
  }

  fire(): void {
    if (this.epochMs > currentClock().wallNow()) return this.waitForWallClock()
    this.scope.extra?.timers?.delete(this)
    this.act(this.scope)
  }
}

function noted<S extends Scope>(timer: Later<S>): Later<S> {
  ;(extraOf(timer.scope).timers ??= new Set()).add(timer)
  return timer
}
