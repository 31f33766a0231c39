// What this package has of its own.
export {
  configureLogging,
  getLogger,
  type Logger,
  type LoggingOptions,
  type LogLevel,
  type LogRecord,
} from './logging.ts'
export { VERSION } from './version.ts'
export { versions } from './versions.ts'
