// What greenhouse has to say of itself: silent until configured, then as the original's `configure_logging`.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createWriteStream } from 'node:fs'
import { format as formatMessage } from 'node:util'
import { publishDiagnostics, type Greenlet } from '@greenhouse/scheduler'
import { checkFunction, checkOptions, wrongType, wrongValue } from '@greenhouse/scheduler/kernel'

/** How much a record matters, from the least. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** One line of a log. */
export interface LogRecord {
  readonly time: Date
  /** "greenhouse.scheduler" for example. */
  readonly name: string
  readonly level: LogLevel
  readonly message: string
}

/** Where and what to log. A handler goes before a file, a file before a stream. */
export interface LoggingOptions {
  /** Called with each record. */
  readonly handler?: (record: LogRecord) => void
  /** A file to write to. */
  readonly filename?: string
  /** "a" appends, as by default; "w" begins anew. */
  readonly fileMode?: 'a' | 'w'
  /** Makes a line of a record; `[time] name/LEVEL | message` by default. */
  readonly format?: (record: LogRecord) => string
  /** The least level that is logged; "info" by default. */
  readonly level?: LogLevel
  /** A stream to write to; stderr by default. */
  readonly stream?: { write(line: string): unknown }
}

/** Writes to the log under one name. */
export type Logger = Readonly<Record<LogLevel, (message: string, ...values: unknown[]) => void>>

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

let sink: ((record: LogRecord) => void) | null = null
let least = LEVELS.indexOf('info')
let stop: () => void = () => {}

/**
 * Says where the log of greenhouse goes. Called again, it replaces what was there.
 *
 * Errors that nobody joined are logged as "error"; spawns, ends, and failures that somebody waited for as "debug". While it is on, each switch costs some
 * hundred nanoseconds.
 *
 * @param options - `handler`, `filename`, `fileMode`, `format`, `level`, `stream`.
 * @returns a function that switches the log off again.
 * @throws {GH_INVALID_ARGUMENT}
 * @example
 * ```ts
 * import { configureLogging, getLogger } from '@greenhouse/compat'
 *
 * const off = configureLogging({ handler: ({ name, level, message }) => console.log(name, level, message) })
 * getLogger('greenhouse.scheduler').info('%d greenlets', 3) // => greenhouse.scheduler info 3 greenlets
 * off()
 * ```
 *
 * Source: greenhouse/__init__.py configure_logging. Differs: repeated calls do not add up; `format` is a function.
 */
export function configureLogging(options: LoggingOptions = {}): () => void {
  checkOptions('options', options)
  const { handler, filename, fileMode = 'a', format = inOneLine, level = 'info', stream } = options
  if (!LEVELS.includes(level)) wrongValue('options.level', `one of ${LEVELS.join(', ')}`, level)
  if (handler !== undefined) checkFunction('options.handler', handler)
  checkFunction('options.format', format)
  if (filename !== undefined && typeof filename !== 'string')
    wrongType('options.filename', 'a path', filename)
  if (fileMode !== 'a' && fileMode !== 'w') wrongValue('options.fileMode', '"a" or "w"', fileMode)
  if (stream !== undefined && typeof stream?.write !== 'function')
    wrongType('options.stream', 'a stream to write to', stream)
  stop()
  least = LEVELS.indexOf(level)
  const file =
    handler === undefined && filename !== undefined
      ? createWriteStream(filename, { flags: fileMode })
      : null
  const out = file ?? stream ?? process.stderr
  sink = handler ?? ((record) => void out.write(`${format(record)}\n`))
  const stopEvents = logEvents()
  const off = () => {
    if (stop !== off) return
    stopEvents()
    file?.end()
    sink = null
    stop = () => {}
  }
  stop = off
  return off
}

/**
 * Gives a logger; what it logs goes where `configureLogging` says, and nowhere before.
 *
 * @param name - "greenhouse.scheduler", "greenhouse.emulation", "greenhouse.backdoor", or one of your own.
 */
export function getLogger(name: string): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, ...values: unknown[]) => {
      if (sink === null || LEVELS.indexOf(level) < least) return
      sink({ time: new Date(), name, level, message: formatMessage(message, ...values) })
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function inOneLine({ time, name, level, message }: LogRecord): string {
  return `[${time.toISOString()}] ${name}/${level.toUpperCase()} | ${message}`
}

const FAILED = '%s failed: %s'

function logEvents(): () => void {
  const logger = getLogger('greenhouse.scheduler')
  const events: [string, (message: unknown) => void][] = [
    ['greenhouse:uncaught', (message) => logger.error(FAILED, named(message), errorOf(message))],
    ['greenhouse:error', (message) => logger.debug(FAILED, named(message), errorOf(message))],
    ['greenhouse:spawn', (message) => logger.debug('%s spawned', named(message))],
    ['greenhouse:end', (message) => logger.debug('%s ended', named(message))],
    ['greenhouse:log', passOn],
  ]
  for (const [name, listener] of events) subscribe(name, listener)
  const stopPublishing = publishDiagnostics()
  return () => {
    stopPublishing()
    for (const [name, listener] of events) unsubscribe(name, listener)
  }
}

function errorOf(message: unknown): unknown {
  return (message as { error: unknown }).error
}

/** What a package says by itself: `{ name, level, message }`. */
function passOn(record: unknown): void {
  const { name, level, message } = record as Omit<LogRecord, 'time'>
  if (LEVELS.includes(level)) getLogger(name)[level]('%s', message)
}

function named(message: unknown): string {
  const { id, name } = (message as { greenlet: Greenlet }).greenlet
  return `greenlet ${id} "${name}"`
}
