// How much computing something takes that gives way in between.

/** Sums up the stretches between `start` and `stop`. */
export class Stopwatch {
  spentMs = 0
  private startedMs = 0

  start(): void {
    this.startedMs = performance.now()
  }

  stop(): void {
    this.spentMs += performance.now() - this.startedMs
  }
}
