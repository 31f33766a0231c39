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
let watchers: readonly SwitchWatcher[] = []
/** Above 0 while a region begins on its caller's stack: that is no switch. */
let nested = 0

export function watchSwitches(watcher: SwitchWatcher): void {
  if (!watchers.includes(watcher)) watchers = [...watchers, watcher]
  watched = true
}

export function unwatchSwitches(watcher: SwitchWatcher): void {
  watchers = watchers.filter((other) => other !== watcher)
  watched = watchers.length > 0
}

/** Runs what begins on the stack of the current scope. */
export function withoutSwitch(scope: Scope): void {
  nested++
  scope.run()
  nested--
}

export function enteredBy(scope: Scope): void {
  if (nested === 0) for (const watcher of watchers) watcher.entered(scope)
}

export function leftBy(scope: Scope): void {
  if (nested === 0) for (const watcher of watchers) watcher.left(scope)
}

export function backOutside(): void {
  for (const watcher of watchers) watcher.idle()
}
