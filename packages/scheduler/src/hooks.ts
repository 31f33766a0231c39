// Hooks: callbacks on switches. A global one sees each change from one greenlet to another; a local one sees its greenlet
// go in or out. They are held strongly, and one that throws is reported as an unhandled rejection.
import { checkFunction } from './check.ts'
import { extraOf } from './core/extra.ts'
import { currentGreenlet, demandGreenlet } from './core/greenlet.ts'
import { finished } from './core/life.ts'
import { main } from './core/main.ts'
import type { Scope } from './core/scope.ts'
import { unwatchSwitches, watchSwitches, type SwitchWatcher } from './core/switches.ts'
import { unwatchLives, watchLives, type LifeWatcher } from './core/telemetry.ts'
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
  watch()
  globalHooks.push(hook)
  return hook
}

/**
 * Takes a global hook away.
 *
 * @returns whether it was there.
 */
export function removeGlobalHook(hook: GlobalHook): boolean {
  const removed = removeFrom(globalHooks, hook)
  unwatch()
  return removed
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
/** Who has gone in and not out. */
let inside: Greenlet | null = null

const switches: SwitchWatcher = {
  entered({ greenlet }) {
    // An async greenlet that parked on a foreign promise has gone out unseen.
    goOut()
    inside = greenlet
    switchTo(greenlet)
    callLocal(greenlet, 'incoming')
  },
  left({ greenlet }) {
    if (inside === greenlet) goOut()
  },
  idle() {
    goOut()
    switchTo(main)
  },
}

const lives: LifeWatcher = {
  ended(greenlet) {
    if (inside === greenlet) goOut()
    const { extra } = greenlet
    localHooks -= (extra?.incoming?.length ?? 0) + (extra?.outgoing?.length ?? 0)
    unwatch()
  },
}

function goOut(): void {
  if (inside === null) return
  const greenlet = inside
  inside = null
  callLocal(greenlet, 'outgoing')
}

function switchTo(to: Greenlet): void {
  const from = last
  last = to
  if (from !== to) for (const hook of [...globalHooks]) guard(() => hook(from, to))
}

function callLocal(greenlet: Greenlet, direction: 'incoming' | 'outgoing'): void {
  const hooks = (greenlet as unknown as Scope).extra?.[direction]
  if (hooks !== undefined) for (const hook of [...hooks]) guard(() => hook(greenlet))
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
  const target = demandGreenlet('greenlet', greenlet)
  if (finished(target)) return hook
  watch()
  ;(extraOf(target)[direction] ??= []).push(hook)
  if (localHooks++ === 0) watchLives(lives)
  return hook
}

function removeLocal(
  direction: 'incoming' | 'outgoing',
  hook: LocalHook,
  greenlet: Greenlet,
): boolean {
  const removed = removeFrom(demandGreenlet('greenlet', greenlet).extra?.[direction], hook)
  if (removed) localHooks--
  unwatch()
  return removed
}

/** Before a hook is added. */
function watch(): void {
  if (globalHooks.length + localHooks > 0) return
  last = currentGreenlet()
  inside = last === main ? null : last
  watchSwitches(switches)
}

/** After hooks have gone. */
function unwatch(): void {
  if (localHooks === 0) unwatchLives(lives)
  if (globalHooks.length + localHooks === 0) unwatchSwitches(switches)
}
