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
import { forgetReminder, remindOfEnd } from './grace.ts'
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
  REGION,
  type FINISHED,
} from './life.ts'
import { openOperations, track } from './open-operations.ts'
import {
  cancel,
  DONE,
  FAILED as WAIT_FAILED,
  Operation,
  OUTCOME,
  PENDING,
  release,
  settle,
  type Source,
} from './operation.ts'
import { countRegion } from './registry.ts'
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
  /** How many operations its async body awaits, or is about to go on from. */
  awaits: number = 0
  /** The error that was last thrown into it. */
  told: unknown = undefined
  /** Called with the body's outcome; gives the region's operation its own. */
  readonly conclude: (
    region: Region,
    outcome: typeof FINISHED | typeof FAILED,
    value: unknown,
  ) => void

  constructor(kind: string, fn: unknown, args: unknown[], conclude: Region['conclude']) {
    const outer = currentScope()
    super(outer, INITIAL | REGION, fn, args)
    this.kind = kind
    this.home = outer.greenlet
    this.conclude = conclude
    this.operation = new Operation(outer, this, PENDING, undefined)
    this.operation.sinceMs = coarseTime()
    track(this.operation)
    countRegion(1)
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
    this.told = error
    if (!this.onForeignPromise()) return interrupt(this, error)
    if (openOperations(this).some((operation) => operation.parked)) {
      interrupt(this, error)
      const noted = this.isNoted(error)
      // `await` comes a microtask late: only then is it known whether the body waits for what it started.
      queueMicrotask(() => {
        if (this.onForeignPromise() && this.isNoted(error) === noted) this.miss(error)
      })
    } else this.miss(error)
  }

  /** Answers the call of a body that cannot hear of an error; it comes at the body's next wait. */
  miss(error: unknown): void {
    noteInterruption(this, error)
    this.abandon(error)
  }

  isNoted(error: unknown): boolean {
    return this.extra?.thrown?.includes(error) ?? false
  }

  /** A body that the abort of its work did not reach is left behind. */
  override afterGrace(): void {
    const { abortedBy } = extraOf(this)
    if (abortedBy !== undefined && this.onForeignPromise() && this.operation.parked)
      this.abandon(abortedBy)
    super.afterGrace()
  }

  /** Cancels it for good: the error comes again after the grace period where code swallows it. */
  cancel(error: unknown): void {
    if (finished(this) || this.cause !== undefined) return
    this.cause = error
    this.bits |= ENDING
    const extra = extraOf(this)
    extra.exit = error
    const below = regionsBelow(this)
    this.throwInto(error)
    extra.controller?.abort(error)
    abortSignals(below, error)
  }

  /** Shows it as abandoned for as long as its body goes on. */
  leaveBehind(): void {
    this.abandoned = true
    ;(extraOf(this.home as unknown as Scope).abandoned ??= new Set()).add(this)
  }

  /** The scope around has finished without it. Cleanup that is under way gets its grace period. */
  orphaned(error: unknown): void {
    this.leaveBehind()
    if (this.told === undefined) return this.interrupt(this.operation, error)
    this.bits |= ENDING
    extraOf(this).exit ??= error
    remindOfEnd(this)
  }

  abandon(error: unknown): void {
    this.leaveBehind()
    if (this.operation.parked) this.conclude(this, FAILED, error)
  }

  onForeignPromise(): boolean {
    if ((this.bits & (LIFE | GENERATOR)) !== ALIVE || isCurrent(this) || hasWork(this)) return false
    return this.awaits === 0
  }

  finish(outcome: typeof FINISHED | typeof FAILED, result: unknown): void {
    const value = outcome === FAILED ? toldBy(this, result) : result
    countRegion(-1)
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
      const interrupted = value === this.told || value === this.cause
      if (outcome === FAILED && !interrupted) report(value, this.home as unknown as Scope)
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

/** The regions that are cancelled with a scope: those below it, but for what a shield protects. */
export function regionsBelow(scope: Scope): Region[] {
  return openOperations(scope).flatMap(({ source: { region } }) =>
    region === undefined || region instanceof Shield ? [] : [region, ...regionsBelow(region)],
  )
}

export function abortSignals(regions: Region[], error: unknown): void {
  for (const { extra } of regions) extra?.controller?.abort(error)
}

/** Gives the call the outcome of its body, unless it has one already. */
export function passOutcome(
  region: Region,
  outcome: typeof FINISHED | typeof FAILED,
  value: unknown,
): void {
  if ((region.operation.state & OUTCOME) !== PENDING) return
  // What came from around is silent, as for any wait, where nobody waits for this.
  const fromAround = value === region.told && value !== region.cause
  if (outcome !== FAILED) settle(region.operation, DONE, value)
  else if (fromAround) cancel(region.operation, value)
  else settle(region.operation, WAIT_FAILED, value)
}

function isCurrent(region: Region): boolean {
  for (let at: Scope | null = running; at !== null; at = at.outer) if (at === region) return true
  return false
}
