// What only some scopes need, in one slot of the scope: most greenlets never pay for it. Later minors of the kernel add
// their fields here; the layout of the scope itself is fixed for a kernel major.
import type { AsyncResource } from 'node:async_hooks'
import type { ExceptionHandler } from '../handlers.ts'
import type { LocalHook } from '../hooks.ts'
import type { Operation } from './operation.ts'
import type { Region } from './region.ts'
import type { Scope } from './scope.ts'
import type { Timer } from './timers.ts'
import type { WorkLine } from './work.ts'

/** Hears of the end of a child; true when it takes care of the child's error. */
export interface Membership {
  readonly detached: boolean
  childFinished(child: Scope, failed: boolean, value: unknown): boolean
}

export interface Extra {
  name?: string
  /** Open operations beyond the first. */
  operations?: Set<Operation>
  /** Errors to be thrown at the next wait, in order. */
  thrown?: unknown[]
  /** A resource made in the scope's own context, where the scope's own one was made in its spawner's. */
  resource?: AsyncResource
  /** What starts, interrupts or reminds this greenlet later. */
  timers?: Set<Timer>
  /** Set from an end until its code has gone: when the end is delivered again. */
  grace?: Timer
  exit?: unknown
  graceMs?: number
  /** Regions whose call was answered while their body still runs. */
  abandoned?: Set<Region>
  /** The group to which this greenlet belongs. */
  group?: Membership
  /** Where it was spawned, when that is recorded. */
  spawnSite?: string
  /** Where it waited when it was found to have swallowed its end. */
  ignoredEndAt?: string
  controller?: AbortController
  /** Work of the outside world that belongs to this scope. */
  work?: WorkLine
  /** The last error by which work of this scope was aborted. */
  abortedBy?: unknown
  handlers?: ExceptionHandler[]
  incoming?: LocalHook[]
  outgoing?: LocalHook[]
}

export function extraOf(scope: Scope): Extra {
  return (scope.extra ??= {})
}
