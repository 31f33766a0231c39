// A scope: a region of a greenlet's execution that is cancelled as one. It runs its own body; a greenlet is the outermost
// scope of itself.
import { AsyncResource, type AsyncLocalStorage } from 'node:async_hooks'
import type { Greenlet } from '../greenlet.ts'
import { extraOf, type Extra } from './extra.ts'
import { interrupt } from './interrupt.ts'
import { ENDING, OWN_RESOURCE, type FAILED, type FINISHED } from './life.ts'
import type { Operation } from './operation.ts'
import type { Runnable } from './run-queue.ts'
import { step } from './step.ts'

const MANUAL = { requireManualDestroy: true }

export abstract class Scope extends AsyncResource implements Runnable {
  outer: Scope | null
  bits: number
  /** The function of the body. */
  fn: unknown
  /** The arguments to start with, then the generator, then the result or error. */
  body: unknown
  /** The operation on which the generator is parked. */
  input: Operation | null
  /** The first open operation; any further ones are in `extra`. */
  pending: Operation | null
  extra: Extra | null

  constructor(outer: Scope | null, bits: number, fn: unknown, args: unknown) {
    super('Greenlet', MANUAL)
    this.outer = outer
    this.bits = bits
    this.fn = fn
    this.body = args
    this.input = null
    this.pending = null
    this.extra = null
  }

  run(): boolean {
    return (this.bits & OWN_RESOURCE) === 0
      ? this.runInAsyncScope(step, undefined, this)
      : this.extra!.resource!.runInAsyncScope(step, undefined, this)
  }

  makeOwnResource(storage: AsyncLocalStorage<Scope>): void {
    extraOf(this).resource = storage.run(this, () => new AsyncResource('Greenlet', MANUAL))
    this.bits |= OWN_RESOURCE
  }

  /** The greenlet of which this is a part. */
  abstract get greenlet(): Greenlet

  /** The grace period of an end or of an abort is over, and the body still runs: its end comes again. */
  afterGrace(): void {
    if ((this.bits & ENDING) === 0) return
    const extra = extraOf(this)
    extra.ignoredEndAt = this.pending?.source.kind ?? this.input?.source.kind ?? 'a foreign promise'
    interrupt(this, extra.exit)
  }

  /** Takes the outcome of the body: FINISHED with a value, or FAILED with an error. */
  abstract finish(outcome: typeof FINISHED | typeof FAILED, value: unknown): void
}
