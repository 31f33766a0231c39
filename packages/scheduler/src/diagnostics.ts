// Publishing what greenlets do on Node's diagnostics channels.
import { watchLives, unwatchLives, channels, waitKind, type LifeWatcher } from './core/telemetry.ts'
import { finished } from './core/life.ts'
import { unwatchSwitches, watchSwitches, type SwitchWatcher } from './core/switches.ts'

/**
 * Publishes events on `node:diagnostics_channel`: `greenhouse:spawn`, `greenhouse:switch`, `greenhouse:block`,
 * `greenhouse:wake`, `greenhouse:end`, `greenhouse:error`, and `greenhouse:uncaught` for an error that goes to the handlers
 * because nobody had joined. Each message has the `greenlet`; a block its `kind`, an error its `error`.
 *
 * Costs nothing until it is called.
 *
 * @returns a function that stops it.
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel'
 * import { publishDiagnostics, schedule } from '@greenhouse/scheduler'
 *
 * subscribe('greenhouse:end', (message) => console.log((message as { greenlet: { name: string } }).greenlet.name))
 * const stop = publishDiagnostics()
 * await schedule(function job() {}).join() // => job
 * stop()
 * ```
 */
export function publishDiagnostics(): () => void {
  const switches: SwitchWatcher = {
    entered({ greenlet }) {
      channels.wake.publish({ greenlet })
      channels.switch.publish({ greenlet })
    },
    left(scope) {
      if (finished(scope)) return
      channels.block.publish({ greenlet: scope.greenlet, kind: waitKind(scope) })
    },
    idle() {},
  }
  const lives: LifeWatcher = {
    spawned: (greenlet) => channels.spawn.publish({ greenlet }),
    ended(greenlet, failed, error) {
      if (failed) channels.error.publish({ greenlet, error })
      channels.end.publish({ greenlet })
    },
    uncaught: (greenlet, error) => channels.uncaught.publish({ greenlet, error }),
  }
  watchSwitches(switches)
  watchLives(lives)
  return () => {
    unwatchSwitches(switches)
    unwatchLives(lives)
  }
}
