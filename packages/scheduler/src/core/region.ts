// A region: a scope below a greenlet, with a body of its own that starts at once. To the scope around it, it is one
// operation; an interruption of that scope goes to the innermost waits, and comes back out as the body's own error.
//
//   greenlet --open operation--> region --open operation--> region --open operation--> a wait
import { GreenletExit } from '../errors.ts'
import type { Greenlet } from '../greenlet.ts'
import { report } from '../handlers.ts'
import { coarseTime } from './coarse-time.ts'
import { currentScope, running, setRunning, stepping } from './context.ts'
import { extraOf } from './extra.ts'
import { forgetReminder } from './grace.ts'
import { interrupt, noteInterruption } from './interrupt.ts'
import {
  ALIVE,
  ENDING,
  FAILED,
  finished,
  GENERATOR,
  INITIAL,
  INTERRUPTED,
  LIFE,
  type FINISHED,
} from './life.ts'
import { openOperations, track } from './open-operations.ts'
import {
  DONE,
  FAILED as WAIT_FAILED,
  Operation,
  OUTCOME,
  PENDING,
  release,
  settle,
  type Source,
} from './operation.ts'
import { Scope } from './scope.ts'
import { withoutSwitch } from './switches.ts'
import { hasWork, leaveWork, toldBy } from './work.ts'

export class Region extends Scope implements Source {
  readonly kind: string
  readonly home: Greenlet
  /** What the scope around waits on. */
  readonly operation: Operation
  /** The error by which it was cancelled. */
  cause: unknown
  /** The monotonic moment of its deadline. */
  deadlineMs: number = Infinity
  /** Its call has been answered, and its body still runs, on a promise that nobody could interrupt. */
  abandoned: boolean = false
  /** Called with the body's outcome; gives the region's operation its own. */
  readonly conclude: (
    region: Region,
    outcome: typeof FINISHED | typeof FAILED,
    value: unknown,
  ) => void

  constructor(kind: string, fn: unknown, args: unknown[], conclude: Region['conclude']) {
    const outer = currentScope()
    super(outer, INITIAL, fn, args)
    this.kind = kind
    this.home = outer.greenlet
    this.conclude = conclude
    this.operation = new Operation(outer, this, PENDING, undefined)
    this.operation.sinceMs = coarseTime()
    track(this.operation)
  }

  get greenlet(): Greenlet {
    return this.home
  }

  get region(): Region {
    return this
  }

  get giveBack(): null {
    return null
  }

  withdraw(): void {}

  /** An interruption of the scope around. */
  interrupt(_operation: Operation, error: unknown): void {
    this.throwInto(error)
  }

  /** Runs the body up to its first wait, on the caller's stack. */
  begin(): void {
    const outer = running
    const outerStep = stepping
    withoutSwitch(this)
    setRunning(outer, outerStep)
  }

  /** Throws an error into the body. A body on a foreign promise cannot hear it: then the call fails at once. */
  throwInto(error: unknown): void {
    if (finished(this)) return
    if (this.onForeignPromise()) {
      noteInterruption(this, error)
      this.abandon(error)
    } else interrupt(this, error)
  }

  /** The grace period after an abort of its work is over: a body that the abort did not reach is left behind. */
  override againAfterAbort(error: unknown): void {
    if (this.onForeignPromise() && this.operation.parked) this.abandon(error)
  }

  /** Cancels it for good: the error comes again after the grace period where code swallows it. */
  cancel(error: unknown): void {
    if (finished(this) || this.cause !== undefined) return
    this.cause = error
    this.bits |= ENDING
    const extra = extraOf(this)
    extra.exit = error
    this.throwInto(error)
    extra.controller?.abort(error)
  }

  /** Shows it as abandoned for as long as its body goes on. */
  leaveBehind(): void {
    this.abandoned = true
    ;(extraOf(this.home as unknown as Scope).abandoned ??= new Set()).add(this)
  }

  abandon(error: unknown): void {
    this.leaveBehind()
    if (this.operation.parked) this.conclude(this, FAILED, error)
  }

  onForeignPromise(): boolean {
    if ((this.bits & (LIFE | GENERATOR)) !== ALIVE || isCurrent(this) || hasWork(this)) return false
    return !openOperations(this).some((operation) => operation.consumer !== null)
  }

  finish(outcome: typeof FINISHED | typeof FAILED, result: unknown): void {
    const value = outcome === FAILED ? toldBy(this, result) : result
    const interruption = this.extra?.thrown?.[0] ?? this.cause
    this.bits = (this.bits & ~LIFE) | outcome
    this.body = value
    this.input = null
    for (const operation of openOperations(this)) {
      release(
        operation,
        this.cause ?? new GreenletExit(`The ${this.kind} that waited has finished`),
      )
    }
    forgetReminder(this)
    if (this.abandoned) {
      ;(this.home as unknown as Scope).extra?.abandoned?.delete(this)
      if (outcome === FAILED && value !== interruption) report(value, this.home as unknown as Scope)
    } else if ((this.bits & INTERRUPTED) !== 0) this.passOn(outcome === FAILED ? value : undefined)
    this.conclude(this, outcome, value)
    leaveWork(this, this.outer, outcome === FAILED || this.cause !== undefined, this.cause ?? value)
  }

  /** What the body was to be thrown at a next wait that never came, and that its own outcome does not tell. */
  passOn(told: unknown): void {
    const { outer } = this
    for (const error of this.extra!.thrown!)
      if (error !== this.cause && error !== told && outer !== null) noteInterruption(outer, error)
  }
}

/** A region into which nothing is thrown from around: an interruption waits until the body is through. */
export class Shield extends Region {
  override interrupt(operation: Operation, error: unknown): void {
    noteInterruption(operation.scope, error)
  }
}

/** Gives the call the outcome of its body, unless it has one already. */
export function passOutcome(
  region: Region,
  outcome: typeof FINISHED | typeof FAILED,
  value: unknown,
): void {
  if ((region.operation.state & OUTCOME) !== PENDING) return
  settle(region.operation, outcome === FAILED ? WAIT_FAILED : DONE, value)
}

function isCurrent(region: Region): boolean {
  for (let at: Scope | null = running; at !== null; at = at.outer) if (at === region) return true
  return false
}
