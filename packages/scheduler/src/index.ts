// The public names of @greenhouse/scheduler.
import './core/boot.ts'

// Waiting
export type { Blocking, Parked, Steps, WaitOptions } from './blocking.ts'
export { pause, pauseFor, pauseUntil } from './pause.ts'
export { wait } from './wait.ts'

// Greenlets
export type { Greenlet, GreenletState, Wait } from './greenlet.ts'
export type { AsyncBody, GeneratorBody, Plain, PlainBody } from './bodies.ts'
export { greenlet, schedule, scheduleAt, scheduleIn, type GreenletOptions } from './schedule.ts'
export { scheduleRecurring, type Recurring, type RecurringOptions } from './recurring.ts'
export { isGreenlet } from './core/greenlet.ts'
export { mainGreenlet } from './main.ts'

// Throwing into them
export {
  end,
  getCurrent,
  scheduleException,
  scheduleExceptionAt,
  scheduleExceptionIn,
} from './end.ts'

// Scopes
export { moveOnAfter, shield, withTimeout, type Scope } from './scope.ts'
export { Group, type GroupOptions } from './group.ts'
export { all, first } from './race.ts'

// Errors
export { GreenhouseError, GreenletExit, TimeoutError, type GreenhouseErrorCode } from './errors.ts'
export {
  globalExceptionHandler,
  removeGlobalExceptionHandler,
  type ExceptionHandler,
} from './handlers.ts'
export {
  handleException,
  localExceptionHandler,
  removeLocalExceptionHandler,
} from './local-handlers.ts'

// Hooks
export {
  globalHook,
  localIncomingHook,
  localOutgoingHook,
  removeGlobalHook,
  removeLocalIncomingHook,
  removeLocalOutgoingHook,
  type GlobalHook,
  type LocalHook,
} from './hooks.ts'

// Looking in
export {
  dump,
  statistics,
  type Dump,
  type GreenletDump,
  type SchedulerStatistics,
  type WaitDump,
} from './dump.ts'
export { formatDump } from './dump-text.ts'
export { recordSites } from './sites.ts'
export { publishDiagnostics } from './diagnostics.ts'
export { trace, type Trace } from './trace.ts'
export {
  assertSwitches,
  monitor,
  type Blockage,
  type Monitor,
  type MonitorOptions,
} from './monitor.ts'
