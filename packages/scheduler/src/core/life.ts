// The life of a scope, in its `bits`.
//
//   INITIAL --start--> ALIVE --finish--> FINISHED | FAILED | ENDED
import type { Scope } from './scope.ts'

export const INITIAL = 0
export const ALIVE = 1
export const FINISHED = 2
export const FAILED = 3
export const ENDED = 4
/** The bits that hold one of the above. */
export const LIFE = 7
/** An error waits to be thrown at the next wait. */
export const INTERRUPTED = 8
/** Was ended, and still runs: its cleanup, or code that swallowed the end. */
export const ENDING = 16
/** The body is a generator. */
export const GENERATOR = 32
/** Its steps run in `extra.resource`. */
export const OWN_RESOURCE = 64
/** Stands in the run queue or waits for a timer to be started. */
export const SCHEDULED = 128
/** Neither keeps the process alive nor is missed at its end. */
export const DAEMON = 256
/** Failed with nobody to tell: an unhandled rejection, unless a joiner still comes. */
export const ORPHAN = 512
/** Is a region: a scope below a greenlet. */
export const REGION = 1024
/** At its end, what is open in it passes to main. */
export const LEAVES = 2048

export function finished(scope: Scope): boolean {
  return (scope.bits & LIFE) > ALIVE
}
