// What emulation did in this process: what it compiled, what was suspended, what really blocked, and where.
import { blockedPlaces, type BlockedPlace } from './blocked/account.ts'
import { notePlain } from './stacks/scripts.ts'
import { suspensions } from './rt/install.ts'
import type { Untwinned } from './compile/index.ts'

/** A file that was to be compiled. */
export interface FileReport {
  readonly file: string
  readonly compiled: boolean
  /** Why it runs as it is. */
  readonly reason: string | null
  /** The functions in it that may block and cannot be suspended. */
  readonly functions: readonly Untwinned[]
}

/** What emulation did in this process. */
export interface EmulationReport {
  readonly files: readonly FileReport[]
  /** How often each primitive suspended its greenlet. */
  readonly suspended: Readonly<Record<string, number>>
  /** How often each was so cheap that it was done at once. */
  readonly inline: Readonly<Record<string, number>>
  /** Where greenlets really blocked. */
  readonly blocked: readonly BlockedPlace[]
}

const files = new Map<string, FileReport>()

/** Enters a file. */
export function reportFile(report: FileReport): void {
  files.set(report.file, report)
  if (report.reason !== null) notePlain(report.file, report.reason)
}

/**
 * Says what emulation has done in this process so far.
 *
 * @returns the files that were compiled and those that were not, with the reason; how often each primitive suspended its
 *   greenlet; and the places at which greenlets really blocked, with the reason and the time.
 * @example
 * ```ts
 * import { emulationReport } from '@greenhouse/emulation'
 *
 * console.log(emulationReport().blocked.length) // => 0
 * ```
 */
export function emulationReport(): EmulationReport {
  return {
    files: [...files.values()],
    suspended: Object.fromEntries(suspensions.suspended),
    inline: Object.fromEntries(suspensions.inline),
    blocked: blockedPlaces().map((place) => ({ ...place })),
  }
}
