// Waiting for one signal.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { refuse } from '@greenhouse/scheduler/kernel'
import { call } from './core/call.ts'
import { checkSignals, listenTo } from './signal-source.ts'

/**
 * Waits until this process gets a signal. Meanwhile the signal does nothing else; afterwards it has its default action again,
 * which for most is to end the process: a `SignalWatcher` keeps listening.
 *
 * Ended, timed out or aborted, it stops listening. A wait for a signal alone does not keep the process alive, as Node's own
 * listeners do not.
 *
 * @param signals - The name of a signal, or several.
 * @param options - `timeoutMs`, `signal`.
 * @returns the name of the signal that came.
 * @throws {GH_TIMEOUT}; {GH_UNSUPPORTED} in worker threads; Node's own error for signals that cannot be caught; {GH_INVALID_ARGUMENT};
 *   the abort signal's reason.
 * @example
 * ```ts
 * import { schedule } from '@greenhouse/scheduler'
 * import { waitSignal } from '@greenhouse/io'
 *
 * const waiter = schedule(async () => waitSignal('SIGHUP'))
 * schedule(() => process.kill(process.pid, 'SIGHUP'))
 * const alive = setInterval(() => {}, 1000)
 * console.log(await waiter.join()) // => SIGHUP
 * clearInterval(alive)
 * ```
 *
 * Source: signal.signal of Python, which the original made green.
 */
export function waitSignal(
  signals: NodeJS.Signals | readonly NodeJS.Signals[],
  options?: WaitOptions,
): Blocking<NodeJS.Signals> {
  const names = checkSignals(Array.isArray(signals) ? signals : [signals])
  const refused = refuse(options)
  if (refused !== null) return refused
  return call<NodeJS.Signals>('waitSignal', options, (done) => {
    try {
      const stop = listenTo(names, (name) => {
        stop()
        done(null, name)
      })
      return stop
    } catch (error) {
      done(error)
      return undefined
    }
  })
}
