// One step of a scope: from a wake to the next wait. The kind of a body is told by what calling it returns, since
// transpiled generators and async functions look like plain ones.
import { wrongType } from '../check.ts'
import { callInContext, contextsExist, makeContexts, ownContext, setRunning } from './context.ts'
import { throwAtNextWait } from './interrupt.ts'
import {
  ALIVE,
  FAILED,
  FINISHED,
  GENERATOR,
  INITIAL,
  INTERRUPTED,
  LIFE,
  OWN_RESOURCE,
  finished,
} from './life.ts'
import {
  FAILED as WAIT_FAILED,
  isOperation,
  OUTCOME,
  PENDING,
  YIELDED,
  type Operation,
} from './operation.ts'
import { livingScopes } from './registry.ts'
import { push } from './run-queue.ts'
import type { Scope } from './scope.ts'
import { enteredBy, leftBy, watched } from './switches.ts'
import { takeInterruption } from './thrown.ts'

const generatorFunction: unknown = Object.getPrototypeOf(function* () {})

type Body = (...args: unknown[]) => unknown

/** Runs a scope until it parks or finishes. Called by the mainloop, in the context of the scope. */
export function step(scope: Scope): boolean {
  if (finished(scope)) return false
  if (watched) enteredBy(scope)
  if ((scope.bits & LIFE) === INITIAL) start(scope)
  else resume(scope)
  if (watched) leftBy(scope)
  return false
}

function start(scope: Scope): void {
  const fn = scope.fn as Body
  const args = scope.body as unknown[]
  scope.body = null
  if ((scope.bits & INTERRUPTED) !== 0) return scope.finish(FAILED, takeInterruption(scope))
  scope.bits = (scope.bits & ~LIFE) | ALIVE
  if (Object.getPrototypeOf(fn) === generatorFunction) {
    setRunning(scope, null)
    try {
      beGenerator(scope, fn(...args))
    } catch (error) {
      setRunning(null, null)
      scope.finish(FAILED, error)
    }
  } else startAny(scope, fn, args)
}

/** Starts what looks like a plain function: its result tells what it is. */
function startAny(scope: Scope, fn: Body, args: unknown[]): void {
  let result: unknown
  makeContexts(livingScopes)
  setRunning(scope, null)
  try {
    result = callInContext(scope, fn, args)
    if (isThenable(result)) {
      const promise =
        result instanceof Promise || isOperation(result)
          ? result
          : callInContext(scope, asPromise, [result])
      promise.then(
        (value) => scope.finish(FINISHED, value),
        (error: unknown) => scope.finish(FAILED, error),
      )
      setRunning(null, null)
      return
    }
    setRunning(null, null)
    if (isAsyncIterator(result)) wrongType('fn', 'an async, generator or plain function', fn)
  } catch (error) {
    setRunning(null, null)
    return scope.finish(FAILED, error)
  }
  if (isGenerator(result)) beGenerator(scope, result)
  else scope.finish(FINISHED, result)
}

/** Another thenable may call back more than once, and with thenables. */
function asPromise(thenable: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(thenable)
}

function beGenerator(scope: Scope, generator: unknown): void {
  scope.body = generator
  scope.bits |= GENERATOR
  if (contextsExist()) ownContext(scope)
  if ((scope.bits & OWN_RESOURCE) === 0) resume(scope)
  else scope.extra!.resource!.runInAsyncScope(resume, undefined, scope)
}

function resume(scope: Scope): void {
  const generator = scope.body as Generator
  const input = scope.input
  const interrupted = (scope.bits & INTERRUPTED) !== 0 && !comesFirst(scope, input)
  if ((scope.bits & (LIFE | GENERATOR)) !== (ALIVE | GENERATOR)) return
  // A wake that is out of date: it has parked on something else since.
  if (input !== null && (input.state & OUTCOME) === PENDING && !interrupted) return
  let result: IteratorResult<unknown>
  if (input !== null && (input.state & YIELDED) !== 0) input.state &= ~YIELDED
  setRunning(scope, scope)
  try {
    if (interrupted) {
      scope.input = null
      result = generator.throw(takeInterruption(scope))
    } else result = generator.next()
  } catch (error) {
    setRunning(null, null)
    return scope.finish(FAILED, error)
  }
  setRunning(null, null)
  if (result.done === true) scope.finish(FINISHED, result.value)
  else if ((result as unknown) !== scope.input) yieldedNonsense(scope, result)
}

/** Whether an outcome is let through before an interruption of the same instant, since it would be lost otherwise. */
function comesFirst(scope: Scope, input: Operation | null): boolean {
  if (input === null || (input.state & OUTCOME) === PENDING) return false
  if (input.source.region !== undefined) return true
  return (input.state & WAIT_FAILED) !== 0 && input.value !== scope.extra!.thrown![0]
}

function yieldedNonsense(scope: Scope, result: IteratorResult<unknown>): void {
  const seen = 'value' in result ? result.value : result
  scope.input = null
  try {
    wrongType(
      'yield',
      'a wait, by `yield*` of a Blocking (`yield* wait(promise)` for a promise)',
      seen,
    )
  } catch (error) {
    throwAtNextWait(scope, error)
    push(scope)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof (value as { then?: unknown }).then === 'function'
}

function isGenerator(value: unknown): boolean {
  const it = value as Partial<Generator>
  return (
    isObject(value) &&
    typeof it.next === 'function' &&
    typeof it.throw === 'function' &&
    Symbol.iterator in value
  )
}

function isAsyncIterator(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof (value as { next?: unknown }).next === 'function' &&
    Symbol.asyncIterator in value
  )
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
