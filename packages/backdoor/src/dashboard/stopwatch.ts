// How much computing something takes. On a machine that is shared, the time that passes is not what it took; with threads, the
// processor time of the process is not either: the lesser of the two is never far off.

/** Sums up the stretches between `start` and `stop`. */
export class Stopwatch {
  spentMs = 0
  private wallMs = 0
  private cpu: NodeJS.CpuUsage = { user: 0, system: 0 }

  start(): void {
    this.wallMs = performance.now()
    this.cpu = process.cpuUsage()
  }

  stop(): void {
    const { user, system } = process.cpuUsage(this.cpu)
    this.spentMs += Math.min(performance.now() - this.wallMs, (user + system) / 1000)
  }
}
