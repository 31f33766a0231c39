// Who runs how long, while somebody wants to know: on every switch the time goes to the greenlet that had it.
import { globalHook, removeGlobalHook, type GlobalHook, type Greenlet } from '@greenhouse/scheduler'

export class RunTimes {
  /** Milliseconds by the id of the greenlet. */
  readonly spentMs: Map<number, number> = new Map()
  readonly switches: Map<number, number> = new Map()
  current: Greenlet | null = null
  sinceMs = 0

  /**
   * Main takes over when a greenlet parks. The continuation of an async one, however, runs only then, before anything else:
   * until the queue of microtasks is empty the time is still its own.
   */
  readonly hook: GlobalHook = (from, to) => {
    this.charge()
    if (to.id !== 0) {
      this.current = to
      this.switches.set(to.id, (this.switches.get(to.id) ?? 0) + 1)
      return
    }
    this.current = from
    process.nextTick(this.idle)
  }

  readonly idle = (): void => {
    this.charge()
    this.current = null
  }

  start(): void {
    globalHook(this.hook)
  }

  stop(): void {
    removeGlobalHook(this.hook)
    this.charge()
  }

  charge(): void {
    const nowMs = performance.now()
    if (this.current !== null) {
      const { id } = this.current
      this.spentMs.set(id, (this.spentMs.get(id) ?? 0) + nowMs - this.sinceMs)
    }
    this.sinceMs = nowMs
  }
}
