// What backdoor and dashboard have to say: on the diagnostics channel `greenhouse:log`, which `configureLogging` of
// @greenhouse/compat listens to; a warning that nobody would hear becomes one of the process.
import { channel } from 'node:diagnostics_channel'
import { now } from '@greenhouse/scheduler/kernel'

/** One record on the channel. */
interface LogMessage {
  readonly name: 'greenhouse.backdoor'
  readonly level: 'info' | 'warn'
  readonly message: string
}

const log = channel('greenhouse:log')

/** Says something that matters to whoever keeps a log. */
export function logInfo(message: string): void {
  if (log.hasSubscribers) publish('info', message)
}

/** How many warnings may be given in a minute: who attacks must not fill the log. */
const MOST = 30
const MINUTE_MS = 60_000
let minute = { beganMs: -Infinity, count: 0 }

/** Says something that somebody must hear. */
export function logWarning(message: string): void {
  const nowMs = now()
  if (!(nowMs - minute.beganMs < MINUTE_MS)) minute = { beganMs: nowMs, count: 0 }
  minute.count++
  if (minute.count < MOST) warn(message)
  else if (minute.count === MOST) warn(`${message} (further warnings are dropped for a minute)`)
}

function warn(message: string): void {
  if (log.hasSubscribers) publish('warn', message)
  else process.emitWarning(message, { type: 'GreenhouseWarning', code: 'GH_BACKDOOR' })
}

function publish(level: LogMessage['level'], message: string): void {
  const record: LogMessage = { name: 'greenhouse.backdoor', level, message }
  log.publish(record)
}
