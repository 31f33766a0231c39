// Hooks: callbacks on switches. A global one sees each change from one greenlet to another; a local one sees its greenlet
// go in or out. They are held strongly, and one that throws is reported as an unhandled rejection.
import { checkFunction } from './check.ts'
import { extraOf, type Extra } from './core/extra.ts'
import { currentGreenlet, demandGreenlet } from './core/greenlet.ts'
import { main } from './core/main.ts'
import type { Scope } from './core/scope.ts'
import { unwatchSwitches, watchSwitches, type SwitchWatcher } from './core/switches.ts'
import type { Greenlet } from './greenlet.ts'
import { removeFrom } from './handlers.ts'

/** Sees a switch from one greenlet to another. */
export type GlobalHook = (from: Greenlet, to: Greenlet) => void
/** Sees its greenlet go in (resumed) or out (parked, or finished). */
export type LocalHook = (greenlet: Greenlet) => void

/**
 * Adds a hook on every switch.
 *
 * @param hook - Called with the greenlet that stops and the one that goes on; the code outside counts as main.
 * @returns the hook itself.
 * @throws {GH_INVALID_ARGUMENT} when it is no function.
 * @example
 * ```ts
 * import { globalHook, pause, removeGlobalHook, schedule } from '@greenhouse/scheduler'
 *
 * schedule(function* other() {})
 * const hook = globalHook((from, to) => console.log(`${from.name} -> ${to.name}`))
 * await pause()
 * removeGlobalHook(hook)
 * // => main -> other
 * // => other -> main
 * ```
 *
 * Source: greenhouse/scheduler.py global_hook
 */
export function globalHook<H extends GlobalHook>(hook: H): H {
  checkFunction('hook', hook)
  globalHooks.push(hook)
  watch()
  return hook
}

/**
 * Takes a global hook away.
 *
 * @returns whether it was there.
 */
export function removeGlobalHook(hook: GlobalHook): boolean {
  return unwatch(removeFrom(globalHooks, hook))
}

/**
 * Adds a hook that is called each time a greenlet is resumed, its start included.
 *
 * @param hook - Called with the greenlet.
 * @param greenlet - Whose; the current one by default.
 * @returns the hook itself.
 * @throws {GH_INVALID_ARGUMENT} when it is no function, or `greenlet` no greenlet.
 *
 * Source: greenhouse/scheduler.py local_incoming_hook
 */
export function localIncomingHook<H extends LocalHook>(
  hook: H,
  greenlet: Greenlet = currentGreenlet(),
): H {
  return addLocal('incoming', hook, greenlet)
}

/**
 * Adds a hook that is called each time a greenlet parks or finishes, also by an error.
 *
 * @param hook - Called with the greenlet.
 * @param greenlet - Whose; the current one by default.
 * @returns the hook itself.
 * @throws {GH_INVALID_ARGUMENT} when it is no function, or `greenlet` no greenlet.
 *
 * Source: greenhouse/scheduler.py local_outgoing_hook
 */
export function localOutgoingHook<H extends LocalHook>(
  hook: H,
  greenlet: Greenlet = currentGreenlet(),
): H {
  return addLocal('outgoing', hook, greenlet)
}

/**
 * Takes a local incoming hook away.
 *
 * @returns whether it was there.
 */
export function removeLocalIncomingHook(
  hook: LocalHook,
  greenlet: Greenlet = currentGreenlet(),
): boolean {
  return removeLocal('incoming', hook, greenlet)
}

/**
 * Takes a local outgoing hook away.
 *
 * @returns whether it was there.
 */
export function removeLocalOutgoingHook(
  hook: LocalHook,
  greenlet: Greenlet = currentGreenlet(),
): boolean {
  return removeLocal('outgoing', hook, greenlet)
}

const globalHooks: GlobalHook[] = []
let localHooks = 0
/** Who ran last, for the global hooks. */
let last: Greenlet = main
/** Which scope has gone in and not out. */
let inside: Scope | null = null

const watcher: SwitchWatcher = {
  entered(scope) {
    if (inside !== null && inside !== scope) watcher.left(inside)
    inside = scope
    switchTo(scope.greenlet)
    callLocal(scope, 'incoming')
  },
  left(scope) {
    if (inside !== scope) return
    inside = null
    callLocal(scope, 'outgoing')
  },
  idle() {
    switchTo(main)
  },
}

function switchTo(to: Greenlet): void {
  const from = last
  last = to
  if (from !== to) for (const hook of globalHooks) guard(() => hook(from, to))
}

function callLocal(scope: Scope, direction: 'incoming' | 'outgoing'): void {
  const hooks = scope.extra?.[direction]
  if (hooks !== undefined) for (const hook of [...hooks]) guard(() => hook(scope.greenlet))
}

function guard(call: () => void): void {
  try {
    call()
  } catch (error) {
    void Promise.reject(error)
  }
}

function addLocal<H extends LocalHook>(
  direction: 'incoming' | 'outgoing',
  hook: H,
  greenlet: Greenlet,
): H {
  checkFunction('hook', hook)
  const extra: Extra = extraOf(demandGreenlet('greenlet', greenlet))
  ;(extra[direction] ??= []).push(hook)
  localHooks++
  watch()
  return hook
}

function removeLocal(
  direction: 'incoming' | 'outgoing',
  hook: LocalHook,
  greenlet: Greenlet,
): boolean {
  const removed = removeFrom(demandGreenlet('greenlet', greenlet).extra?.[direction], hook)
  if (removed) localHooks--
  return unwatch(removed)
}

function watch(): void {
  if (globalHooks.length + localHooks > 1) return
  last = main
  inside = null
  watchSwitches(watcher)
}

function unwatch(removed: boolean): boolean {
  if (globalHooks.length + localHooks === 0) unwatchSwitches(watcher)
  return removed
}
