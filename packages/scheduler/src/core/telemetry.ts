// Events for tools: diagnostics channels, and the trace. Off, nothing of this stands on the path of a switch; on, it hangs
// on the same hook as all that watches switches.
import { channel, type Channel } from 'node:diagnostics_channel'
import type { Greenlet } from '../greenlet.ts'
import type { CoreGreenlet } from './greenlet.ts'
import type { Scope } from './scope.ts'

/** Hears of the life of greenlets; each method is optional. */
export interface LifeWatcher {
  spawned?(greenlet: CoreGreenlet): void
  ended?(greenlet: CoreGreenlet, failed: boolean, value: unknown): void
  /** An error went to the handlers, since nobody had joined. */
  uncaught?(greenlet: Greenlet, error: unknown): void
}

export let lifeWatched = false
let watchers: readonly LifeWatcher[] = []

export function watchLives(watcher: LifeWatcher): void {
  watchers = [...watchers, watcher]
  lifeWatched = true
}

export function unwatchLives(watcher: LifeWatcher): void {
  watchers = watchers.filter((other) => other !== watcher)
  lifeWatched = watchers.length > 0
}

export function spawnedBy(greenlet: CoreGreenlet): void {
  for (const watcher of watchers) watcher.spawned?.(greenlet)
}

export function endedBy(greenlet: CoreGreenlet, failed: boolean, value: unknown): void {
  for (const watcher of watchers) watcher.ended?.(greenlet, failed, value)
}

export function uncaughtBy(greenlet: Greenlet, error: unknown): void {
  for (const watcher of watchers) watcher.uncaught?.(greenlet, error)
}

/** The channels by event: `greenhouse:spawn` and so on. */
export const channels: Readonly<
  Record<'spawn' | 'switch' | 'block' | 'wake' | 'end' | 'error' | 'uncaught', Channel>
> = {
  spawn: channel('greenhouse:spawn'),
  switch: channel('greenhouse:switch'),
  block: channel('greenhouse:block'),
  wake: channel('greenhouse:wake'),
  end: channel('greenhouse:end'),
  error: channel('greenhouse:error'),
  uncaught: channel('greenhouse:uncaught'),
}

/** What a scope waits for now, for an event. */
export function waitKind(scope: Scope): string | null {
  return scope.input?.source.kind ?? scope.pending?.source.kind ?? null
}
