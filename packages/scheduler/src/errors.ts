// Every error that greenhouse raises itself carries a stable `code`; callers test the code, which holds across
// copies of the package, never the class.
import type { Greenlet } from './greenlet.ts'
import type { Scope } from './scope.ts'

/** The codes of greenhouse's own errors. */
export type GreenhouseErrorCode =
  | 'GH_TIMEOUT'
  | 'GH_EXIT'
  | 'GH_CANCELLED'
  | 'GH_CLOSED'
  | 'GH_EMPTY'
  | 'GH_FULL'
  | 'GH_EOF'
  | 'GH_DEADLOCK'
  | 'GH_INVALID_STATE'
  | 'GH_INVALID_ARGUMENT'
  | 'GH_UNSUPPORTED'
  | 'GH_PROCESS'
  | 'GH_VERSION'

/**
 * An error of greenhouse itself, told apart by its `code`.
 *
 * @param code - One of the stable codes.
 * @param message - What went wrong, with the values that matter.
 * @param options - `cause`, as for every Error.
 * @example
 * ```ts
 * import { GreenhouseError } from '@greenhouse/scheduler'
 *
 * console.log(new GreenhouseError('GH_CLOSED', 'The queue is closed').code) // => GH_CLOSED
 * ```
 */
export class GreenhouseError extends Error {
  override name = 'GreenhouseError'
  readonly code: GreenhouseErrorCode

  constructor(code: GreenhouseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * A time-out of greenhouse; `afterMs` says how long was allowed.
 *
 * @param what - What did not happen in time.
 * @param afterMs - The time allowed, in milliseconds.
 */
export class TimeoutError extends GreenhouseError {
  override name = 'TimeoutError'
  readonly afterMs: number
  /** The scope whose deadline passed; null for the time-out of a single wait. Tells a nested deadline from one's own. */
  scope: Scope | null = null

  constructor(what: string, afterMs: number) {
    super('GH_TIMEOUT', `${what} timed out after ${afterMs} ms`)
    this.afterMs = afterMs
  }
}

/**
 * What ends a greenlet: `end` throws it inside, and joining an ended greenlet rejects with it. Thrown by a body
 * itself, it ends that greenlet quietly. It carries no stack trace: making one would cost more than the end itself.
 *
 * @param message - Why; "Greenlet ended" by default.
 * @param greenlet - The greenlet that it ends.
 *
 * Source: greenlet.GreenletExit
 */
export class GreenletExit extends GreenhouseError {
  override name = 'GreenletExit'
  greenlet: Greenlet | null

  constructor(message = 'Greenlet ended', greenlet: Greenlet | null = null) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super('GH_EXIT', message)
    Error.stackTraceLimit = limit
    this.greenlet = greenlet
  }
}
