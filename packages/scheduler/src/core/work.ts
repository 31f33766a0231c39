// Work of the outside world that belongs to a scope: what a library began there on the caller's behalf. It is no wait of
// greenhouse (its outcome goes to a promise or callback of the library), but an interruption of the scope aborts it, in
// the scope's own context. What a scope leaves behind at a normal end passes to the nearest living scope around it.
import { callIn, currentScope, isMain, living, makeContexts } from './context.ts'
import { coarseTime } from './coarse-time.ts'
import { externalWait, externalWaitOver } from './external.ts'
import { extraOf } from './extra.ts'
import { remindOfAbort, remindOfEnd } from './grace.ts'
import { ENDING, INTERRUPTED } from './life.ts'
import { livingScopes, onlyMainLives } from './registry.ts'
import type { Scope } from './scope.ts'
import { takeInterruption } from './thrown.ts'

/** Work that can be aborted. Subclass it; hand it to `attach` when it begins and to `detach` when it is over. */
export abstract class Work {
  /** What the dump calls it: "fetch". */
  abstract readonly kind: string
  /** @internal */
  scope: Scope | null = null
  /** @internal */
  sinceMs: number = 0
  /** @internal Its neighbours among the work of its scope: a Set of thousands would keep what has left it from being collected. */
  earlier: Work | null = null
  /** @internal */
  later: Work | null = null

  /** Since when it is under way, by the clock of greenhouse; for the dump. */
  get begunMs(): number {
    return this.sinceMs
  }

  /** Notes that moment. Reading the clock costs more than all else here: what knows it otherwise overrides both. */
  noteBegin(): void {
    this.sinceMs = coarseTime()
  }

  /**
   * Stops the work and tells its consumer. It is detached already, and must not throw. False when the consumer had its
   * outcome before: then the scope hears of the interruption at its next wait.
   */
  abort(_reason: unknown): boolean | void {}
}

/** The work of a scope, in the order of its beginning. */
export interface WorkLine {
  oldest: Work | null
  newest: Work | null
}

/** A scope that work can belong to. */
export type WorkScope = object

/**
 * The scope of a greenlet or region in which the caller runs; null in the code outside all of them. Finding it costs, so
 * that the functions below take it from who has it. It is current no longer than the caller runs on.
 */
export function workScope(): WorkScope | null {
  if (onlyMainLives()) return null
  const scope = currentScope()
  return isMain(scope) ? null : scope
}

/** Whether the caller runs in a greenlet or a scope, and not in the code outside all of them. */
export function inScope(): boolean {
  return workScope() !== null
}

/** Gives greenlets async contexts of their own from now on, so that callbacks and continuations know their scope. */
export function ensureContexts(): void {
  makeContexts(livingScopes)
}

/** Makes work belong to the current scope; false outside every scope. */
export function attach(work: Work, scope: WorkScope | null = workScope()): boolean {
  if (scope === null) return false
  work.noteBegin()
  add(scope as Scope, work)
  externalWait()
  return true
}

/** Frees work of its scope; false when it had none, or was aborted. */
export function detach(work: Work): boolean {
  const { scope } = work
  if (scope === null) return false
  work.scope = null
  remove(scope.extra!.work!, work)
  externalWaitOver()
  return true
}

/** Takes the error that waits to be thrown at the next wait of the current scope; null when there is none. */
export function takePendingInterruption(
  current: WorkScope | null = workScope(),
): { readonly error: unknown } | null {
  if (current === null) return null
  const scope = current as Scope
  if ((scope.bits & ENDING) !== 0) remindOfEnd(scope)
  if ((scope.bits & INTERRUPTED) === 0) return null
  const error = takeInterruption(scope)
  extraOf(scope).abortedBy = error
  return { error }
}

/** Calls `fn` outside every scope: what it begins belongs to nobody. */
export function outsideScopes<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): R {
  return callIn(null, fn, args)
}

/** The work of a scope that is under way. */
export function workOf(scope: Scope): Work[] {
  const all: Work[] = []
  for (let at = scope.extra?.work?.oldest ?? null; at !== null; at = at.later) all.push(at)
  return all
}

export function hasWork(scope: Scope): boolean {
  return (scope.extra?.work?.oldest ?? null) !== null
}

/** Aborts the work of a scope; true when somebody heard of it. */
export function abortWork(scope: Scope, reason: unknown): boolean {
  if (!hasWork(scope)) return false
  const all = workOf(scope)
  extraOf(scope).abortedBy = reason
  for (const work of all) detach(work)
  if (!callIn(scope, abortAll, [all, reason])) return false
  remindOfAbort(scope)
  return true
}

/** What a scope leaves behind: it passes to the living scope around, or is aborted when the end was no normal one. */
export function leaveWork(scope: Scope, outer: Scope | null, failed: boolean, why: unknown): void {
  if (!hasWork(scope)) return
  const heir = outer === null ? null : living(outer)
  const all = workOf(scope)
  if (failed) {
    for (const work of all) detach(work)
    callIn(heir, abortAll, [all, why])
    return
  }
  for (const work of all) {
    detach(work)
    if (heir === null || isMain(heir)) continue
    add(heir, work)
    externalWait()
  }
}

/**
 * What an error of a body means: one by which the abort of its work came back, in whatever form a library gave it, stands
 * for the interruption itself.
 */
export function toldBy(scope: Scope, error: unknown): unknown {
  const reason = scope.extra?.abortedBy
  if (reason === undefined || error === reason || !tellsOfAbort(error, reason)) return error
  if (reason instanceof Error && reason.cause === undefined) {
    Object.defineProperty(reason, 'cause', { value: error, configurable: true, writable: true })
  }
  return reason
}

const ABORTS: readonly unknown[] = ['ABORT_ERR', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_CANCELED']
const DEEPEST = 8

function tellsOfAbort(error: unknown, reason: unknown): boolean {
  let at = error as { code?: unknown; name?: unknown; cause?: unknown } | null | undefined
  for (let depth = 0; depth < DEEPEST && typeof at === 'object' && at !== null; depth++) {
    if (at === reason || at.name === 'AbortError' || ABORTS.includes(at.code)) return true
    at = at.cause as typeof at
  }
  return at === reason
}

function add(scope: Scope, work: Work): void {
  work.scope = scope
  append((extraOf(scope).work ??= { oldest: null, newest: null }), work)
  if ((scope.bits & ENDING) !== 0) remindOfEnd(scope)
}

/** True when a consumer heard of it. */
function abortAll(all: readonly Work[], reason: unknown): boolean {
  let heard = false
  for (const work of all) {
    try {
      if (work.abort(reason) !== false) heard = true
    } catch (error) {
      void Promise.reject(error)
    }
  }
  return heard
}

function append(line: WorkLine, work: Work): void {
  work.earlier = line.newest
  if (line.newest === null) line.oldest = work
  else line.newest.later = work
  line.newest = work
}

function remove(line: WorkLine, work: Work): void {
  const { earlier, later } = work
  if (earlier === null) line.oldest = later
  else earlier.later = later
  if (later === null) line.newest = earlier
  else later.earlier = earlier
  work.earlier = null
  work.later = null
}
