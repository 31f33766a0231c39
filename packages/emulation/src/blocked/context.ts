// What the stack cannot tell of a call that blocks.

interface Context {
  /** Whether blocks count where no greenlet runs: in a program run green. */
  countsAll: boolean
  /** The event whose emitter relies on what its listeners have done, while they run. */
  event: string | null
}

export const context: Context = { countsAll: false, event: null }

/** Runs the listeners of such an event. */
export function inEvent<T>(event: string, run: () => T): T {
  const before = context.event
  context.event = event
  try {
    return run()
  } finally {
    context.event = before
  }
}
