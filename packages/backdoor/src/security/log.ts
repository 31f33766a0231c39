// What backdoor and dashboard have to say: on the diagnostics channel `greenhouse:log`, which `configureLogging` of
// @greenhouse/compat listens to; a warning that nobody would hear becomes one of the process.
import { channel } from 'node:diagnostics_channel'

/** One record on the channel. */
export interface LogMessage {
  readonly name: 'greenhouse.backdoor'
  readonly level: 'info' | 'warn'
  readonly message: string
}

const log = channel('greenhouse:log')

/** Says something that matters to whoever keeps a log. */
export function logInfo(message: string): void {
  if (log.hasSubscribers) log.publish({ name: 'greenhouse.backdoor', level: 'info', message })
}

/** Says something that somebody must hear. */
export function logWarning(message: string): void {
  if (log.hasSubscribers) log.publish({ name: 'greenhouse.backdoor', level: 'warn', message })
  else process.emitWarning(message, { type: 'GreenhouseWarning', code: 'GH_BACKDOOR' })
}
