// Figures of pools, for dump and tests.
import type { Crew } from './crew.ts'

/** What a pool is doing. */
export interface PoolStatistics {
  readonly concurrency: number
  /** Workers that exist. */
  readonly workers: number
  /** Jobs that run. */
  readonly running: number
  /** Jobs that wait for a worker. */
  readonly queued: number
  /** Calls of `put` that wait because `maxQueued` is reached. */
  readonly waitingPuts: number
}

/** What a pool with results is doing. */
export interface ResultStatistics extends PoolStatistics {
  /** Outcomes that nobody has taken yet. */
  readonly results: number
  /** Calls of `get` that wait. */
  readonly waitingGets: number
}

export function statisticsOf(crew: Crew): PoolStatistics {
  const { concurrency, workers, running, line } = crew
  return {
    concurrency,
    workers: workers.size,
    running,
    queued: line.queued.length,
    waitingPuts: line.putters.size,
  }
}
