// What watches switches: hooks now, tracing and diagnostics beside them. `watched` is false while nobody does, and then a
// switch pays one test.
import type { Scope } from './scope.ts'

/** Sees each entering and leaving of a scope, and the return to the code outside (null). */
export interface SwitchWatcher {
  entered(scope: Scope): void
  left(scope: Scope): void
  idle(): void
}

export let watched = false
const watchers: SwitchWatcher[] = []

export function watchSwitches(watcher: SwitchWatcher): void {
  if (!watchers.includes(watcher)) watchers.push(watcher)
  watched = true
}

export function unwatchSwitches(watcher: SwitchWatcher): void {
  const at = watchers.indexOf(watcher)
  if (at !== -1) watchers.splice(at, 1)
  watched = watchers.length > 0
}

export function enteredBy(scope: Scope): void {
  for (const watcher of watchers) watcher.entered(scope)
}

export function leftBy(scope: Scope): void {
  for (const watcher of watchers) watcher.left(scope)
}

export function backOutside(): void {
  for (const watcher of watchers) watcher.idle()
}
