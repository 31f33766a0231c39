// How the process does, from one frame to the next: what the plots show.
import { monitorEventLoopDelay, performance, type IntervalHistogram } from 'node:perf_hooks'
import { statistics } from '@greenhouse/scheduler'

/**
 * One point of every plot: the wall-clock time in milliseconds, greenlets, ready entries, entries run a second, mean, 99th
 * percentile and maximum of the loop's lag in milliseconds, the share of the time that the loop was busy, heap and resident
 * memory in bytes.
 */
export type Figures = readonly [
  wallMs: number,
  greenlets: number,
  ready: number,
  perSecond: number,
  lagMeanMs: number,
  lagP99Ms: number,
  lagMaxMs: number,
  busy: number,
  heapBytes: number,
  residentBytes: number,
]

/** The histogram's own timer: what it sees of lag is what is beyond this. */
const RESOLUTION_MS = 10
/** Ten minutes of half seconds. */
const MOST_KEPT = 1200

/** Takes figures while somebody looks. */
export class FigureSeries {
  readonly kept: Figures[] = []
  private readonly lag: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  private utilisation: ReturnType<typeof performance.eventLoopUtilization> | null = null
  private takenMs = 0
  private entries = 0

  /** Begins to measure; the first figures are due a while later. */
  start(): void {
    this.lag.reset()
    this.lag.enable()
    this.mark()
  }

  stop(): void {
    this.lag.disable()
  }

  /** The figures since the last ones, or since the start. */
  take(): Figures {
    const { greenlets, ready, entriesRun } = statistics()
    const seconds = (performance.now() - this.takenMs) / 1000
    const { heapUsed, rss } = process.memoryUsage()
    const figures: Figures = [
      Date.now(),
      greenlets,
      ready,
      Math.round((entriesRun - this.entries) / seconds),
      beyond(this.lag.mean),
      beyond(this.lag.percentile(99)),
      beyond(this.lag.max),
      round(performance.eventLoopUtilization(this.utilisation!).utilization, 3),
      heapUsed,
      rss,
    ]
    this.lag.reset()
    this.mark()
    this.kept.push(figures)
    if (this.kept.length > MOST_KEPT) this.kept.shift()
    return figures
  }

  private mark(): void {
    this.takenMs = performance.now()
    this.entries = statistics().entriesRun
    this.utilisation = performance.eventLoopUtilization()
  }
}

/** Nanoseconds of the histogram as milliseconds of lag; it holds none at first. */
function beyond(nanoseconds: number): number {
  if (!Number.isFinite(nanoseconds) || nanoseconds > 1e15) return 0
  return round(Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS), 2)
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
