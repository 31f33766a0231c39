// Switching the recording of places on and off.
import { setRecording } from './core/sites.ts'

/**
 * Records where greenlets are spawned and where they wait, for the dump; also by GREENHOUSE_SITES=1 in the environment.
 *
 * Costs a stack trace, 10 to 50 microseconds, for each spawn and each wait that parks; nothing when off, as it is by default.
 *
 * @param on - Whether to record from now on.
 * @example
 * ```ts
 * import { dump, pauseFor, recordSites, schedule, pause, end } from '@greenhouse/scheduler'
 *
 * recordSites(true)
 * const sleeper = schedule(() => pauseFor(1000))
 * await pause()
 * console.log(typeof dump().greenlets.at(-1)?.spawnSite) // => string
 * recordSites(false)
 * end(sleeper)
 * ```
 */
export function recordSites(on: boolean): void {
  setRecording(on)
}
