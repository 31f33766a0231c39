// The flat namespace: a plain union, since no two packages export one name (a test sees to that).
export * from '@greenhouse/scheduler'
export * from '@greenhouse/util'
export * from '@greenhouse/pool'
export {
  configureLogging,
  getLogger,
  type Logger,
  type LogLevel,
  type LogRecord,
  type LoggingOptions,
} from './logging.ts'
export { VERSION } from './version.ts'
export { versions } from './versions.ts'
