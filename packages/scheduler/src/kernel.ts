// @greenhouse/scheduler/kernel: what the other packages of greenhouse are written on, versioned by itself. It says how a
// thing waits and is woken, and nothing of how a wait suspends its caller, so that another way can stand behind it.
import './core/boot.ts'

export { refuse } from './core/begin.ts'
export { complete, giveFalse, isWaitList, resume, resumeError, WaitList } from './core/wait-list.ts'
export type { Expire } from './core/timed.ts'
export type { Operation, Source } from './core/operation.ts'
export {
  checkCount,
  checkDelay,
  checkFunction,
  checkOptions,
  wrongType,
  wrongValue,
} from './check.ts'
export { leaveOpen } from './core/greenlet.ts'
export { externalWait, externalWaitOver } from './core/external.ts'
export { inspectable, inspected, type Inspectable, type Inspected } from './core/inspection.ts'
export { livingGreenlets } from './core/registry.ts'
export { dumpGreenlet, innermostWait } from './dump.ts'
export { now } from './core/timers.ts'
export { canPark, fail } from './core/park.ts'
export {
  attach,
  detach,
  ensureContexts,
  inScope,
  outsideScopes,
  takePendingInterruption,
  Work,
  workScope,
  type WorkScope,
} from './core/work.ts'
export { KERNEL_MINOR } from './cell.ts'
