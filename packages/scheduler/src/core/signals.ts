// Abort signals. However many operations wait with one signal, it carries one listener, and none when none waits.

/** What hears of an abort. */
export interface AbortWatcher {
  aborted(reason: unknown): void
}

interface Watch {
  readonly watchers: Set<AbortWatcher>
  readonly listener: () => void
}

const watches = new WeakMap<AbortSignal, Watch>()

export function watchSignal(signal: AbortSignal, watcher: AbortWatcher): void {
  let watch = watches.get(signal)
  if (watch === undefined) {
    const watchers = new Set<AbortWatcher>()
    const listener = () => {
      // Kept until the end: the abort of one may give another its outcome, which then leaves the set.
      for (const one of watchers) one.aborted(signal.reason)
      watches.delete(signal)
    }
    watch = { watchers, listener }
    watches.set(signal, watch)
    signal.addEventListener('abort', listener, { once: true })
  }
  watch.watchers.add(watcher)
}

export function unwatchSignal(signal: AbortSignal, watcher: AbortWatcher): void {
  const watch = watches.get(signal)
  if (watch === undefined) return
  watch.watchers.delete(watcher)
  if (watch.watchers.size > 0) return
  watches.delete(signal)
  signal.removeEventListener('abort', watch.listener)
}
