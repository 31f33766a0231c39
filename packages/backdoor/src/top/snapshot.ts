// What `greenhouse top` shows, as plain data: how the process did for a moment, and which of its greenlets matter most.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { pauseFor, statistics, type Greenlet } from '@greenhouse/scheduler'
import { innermostWait, inspected, livingGreenlets, now } from '@greenhouse/scheduler/kernel'
import { figuresOf } from '../commands/figures-of.ts'
import { RunTimes } from './run-times.ts'

/** One greenlet. */
export interface SnapshotGreenlet {
  readonly id: number
  readonly name: string
  readonly state: string
  /** The part of the time that it ran, 0 to 1. */
  readonly run: number
  readonly switches: number
  /** What it waits for, innermost: "Queue.get"; null when for nothing. */
  readonly wait: string | null
  readonly waitMs: number
}

/** How a process did. */
export interface Snapshot {
  readonly version: 1
  readonly pid: number
  readonly node: string
  readonly uptimeMs: number
  readonly forMs: number
  readonly lagMeanMs: number
  readonly lagMaxMs: number
  /** The part of the time that the event loop was busy, 0 to 1. */
  readonly busy: number
  readonly switchesPerSecond: number
  readonly ready: number
  readonly heapBytes: number
  readonly residentBytes: number
  /** How many there are in each state. */
  readonly states: Readonly<Record<string, number>>
  /** Those that ran or have waited longest. */
  readonly greenlets: readonly SnapshotGreenlet[]
  /** Pools, queues, locks, servers. */
  readonly things: readonly {
    readonly kind: string
    readonly name: string
    readonly figures: string
  }[]
}

const MOST_GREENLETS = 200
const MOST_THINGS = 50
const RESOLUTION_MS = 10

/** Watches for a while, then looks. While it watches, switches cost some hundred nanoseconds more. */
export async function takeSnapshot(ms: number): Promise<Snapshot> {
  const times = new RunTimes()
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  const before = statistics()
  const use = performance.eventLoopUtilization()
  const beganMs = performance.now()
  times.start()
  delays.enable()
  try {
    await pauseFor(ms)
  } finally {
    times.stop()
    delays.disable()
  }
  const forMs = performance.now() - beganMs
  const after = statistics()
  const memory = process.memoryUsage()
  const living = livingGreenlets<Greenlet>()
  const states: Record<string, number> = {}
  for (const { state } of living) states[state] = (states[state] ?? 0) + 1
  return {
    version: 1,
    pid: process.pid,
    node: process.version,
    uptimeMs: Math.round(process.uptime() * 1000),
    forMs: Math.round(forMs),
    lagMeanMs: beyond(delays.mean),
    lagMaxMs: beyond(delays.max),
    busy: rounded(performance.eventLoopUtilization(use).utilization),
    switchesPerSecond: Math.round(((after.entriesRun - before.entriesRun) * 1000) / forMs),
    ready: after.ready,
    heapBytes: memory.heapUsed,
    residentBytes: memory.rss,
    states,
    greenlets: greenletsOf(living, times, forMs),
    things: inspected()
      .slice(0, MOST_THINGS)
      .map(({ kind, object }) => ({ kind, name: object.name ?? '', figures: figuresOf(object) })),
  }
}

function greenletsOf(
  living: readonly Greenlet[],
  { spentMs, switches }: RunTimes,
  forMs: number,
): SnapshotGreenlet[] {
  const nowMs = now()
  const rows = living.map((greenlet) => {
    const wait = innermostWait(greenlet)
    const waitMs = wait === null ? 0 : Math.max(0, Math.round(nowMs - wait.sinceMs))
    return { greenlet, wait, waitMs, run: (spentMs.get(greenlet.id) ?? 0) / forMs }
  })
  rows.sort((a, b) => b.run - a.run || b.waitMs - a.waitMs)
  return rows.slice(0, MOST_GREENLETS).map(({ greenlet, wait, waitMs, run }) => ({
    id: greenlet.id,
    name: greenlet.name,
    state: greenlet.state,
    run: rounded(run),
    switches: switches.get(greenlet.id) ?? 0,
    wait: wait?.source.kind ?? null,
    waitMs,
  }))
}

/** Nanoseconds of the histogram, beyond its own interval, in milliseconds. */
function beyond(nanoseconds: number): number {
  if (!Number.isFinite(nanoseconds) || nanoseconds > 1e15) return 0
  return rounded(Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS))
}

function rounded(value: number): number {
  return Number(value.toFixed(4))
}
