// Several waits at once: for the first of them, or for all.
import type { Blocking, WaitOptions } from './blocking.ts'
import { checkOptions, wrongType } from './check.ts'
import { refuse } from './core/begin.ts'
import { coarseTime } from './core/coarse-time.ts'
import { currentScope } from './core/context.ts'
import { interrupting } from './core/interrupt.ts'
import { track } from './core/open-operations.ts'
import {
  addConsumer,
  blocking,
  cancel,
  consume,
  DONE,
  FAILED,
  isOperation,
  OUTCOME,
  PENDING,
  settle,
  type Operation,
  type Source,
} from './core/operation.ts'
import { push, type Runnable } from './core/run-queue.ts'
import { pendingOperation } from './core/timed.ts'
import { GreenhouseError, TimeoutError } from './errors.ts'
import { wait } from './wait.ts'

/**
 * Waits for whichever operation is done first; the others are withdrawn and lose nothing.
 *
 * @param starters - Functions that each start one operation. They are called in order; one that is born complete wins, and
 *   later ones are never called.
 * @param options - `timeoutMs`, `signal`.
 * @returns what the first one gives; its error, when it fails.
 * @throws {GH_TIMEOUT}; {GH_INVALID_ARGUMENT} when an operation stands where a function should, since it has started already.
 * @example
 * ```ts
 * import { first, pauseFor } from '@greenhouse/scheduler'
 *
 * const fast = () => pauseFor(1).then(() => 'fast')
 * const slow = () => pauseFor(1000)
 * console.log(await first([fast, slow])) // => fast
 * ```
 */
export function first<T>(
  starters: readonly (() => PromiseLike<T>)[],
  options?: WaitOptions,
): Blocking<T> {
  if (!Array.isArray(starters) || starters.length === 0)
    wrongType('starters', 'a non-empty array of functions', starters)
  starters.forEach((starter, at) => {
    if (typeof starter !== 'function') {
      wrongType(
        `starters[${at}]`,
        'a function that starts an operation, such as () => queue.get()',
        starter,
      )
    }
  })
  const refused = refuse(options)
  if (refused !== null) return refused
  const started: Operation[] = []
  for (const starter of starters) {
    const operation = begin(starter)
    if ((operation.state & OUTCOME) !== PENDING) {
      withdrawAll(started)
      return blocking(operation) as Blocking<T>
    }
    started.push(operation)
  }
  const result = gather('first', started, options)
  for (const operation of started) {
    addConsumer(
      operation,
      new Watcher(operation, () => {
        if (!result.parked) return
        pass(operation, result)
        withdrawAll(started)
      }),
    )
  }
  return blocking(result) as Blocking<T>
}

/**
 * Waits for all operations; the first failure withdraws the others.
 *
 * @param operations - Operations or promises, or functions that start one each.
 * @param options - `timeoutMs`, `signal`.
 * @returns their values, in order.
 * @throws the first error; {GH_TIMEOUT}; {GH_INVALID_ARGUMENT}.
 * @example
 * ```ts
 * import { all, pauseFor, schedule } from '@greenhouse/scheduler'
 *
 * const greenlet = schedule(async () => 'b')
 * console.log((await all([pauseFor(1).then(() => 'a'), greenlet.join()])).join()) // => a,b
 * ```
 */
export function all<T>(
  operations: readonly (PromiseLike<T> | (() => PromiseLike<T>))[],
  options?: WaitOptions,
): Blocking<Awaited<T>[]> {
  if (!Array.isArray(operations)) wrongType('operations', 'an array of operations', operations)
  checkOptions('options', options)
  const refused = refuse(options)
  if (refused !== null) return refused
  const started = operations.map((one: unknown) =>
    typeof one === 'function' ? begin(one as () => unknown) : asOperation(one),
  )
  const values: unknown[] = new Array(started.length)
  const result = gather('all', started, options)
  let missing = started.length
  if (missing === 0) settle(result, DONE, values)
  started.forEach((operation, at) => {
    const watcher = new Watcher(operation, () => {
      if (!result.parked) return
      if ((operation.state & FAILED) !== 0) {
        pass(operation, result)
        return withdrawAll(started)
      }
      consume(operation)
      values[at] = operation.value
      if (--missing === 0) settle(result, DONE, values)
    })
    if ((operation.state & OUTCOME) === PENDING) addConsumer(operation, watcher)
    else push(watcher)
  })
  return blocking(result) as Blocking<Awaited<T>[]>
}

/** Stands in an operation's place for consumers, and runs when that is done. */
class Watcher implements Runnable {
  readonly input: Operation
  readonly act: () => void

  constructor(operation: Operation, act: () => void) {
    this.input = operation
    this.act = act
  }

  run(): boolean {
    this.act()
    return false
  }
}

function begin(starter: () => unknown): Operation {
  return asOperation(starter())
}

function asOperation(value: unknown): Operation {
  return isOperation(value) ? value : (wait(value) as unknown as Operation)
}

function gather(kind: string, started: Operation[], options: WaitOptions | undefined): Operation {
  const source: Source = { kind, giveBack: null, withdraw: () => withdrawAll(started) }
  const result = pendingOperation(
    currentScope(),
    source,
    undefined,
    options,
    (operation, afterMs) => settle(operation, FAILED, new TimeoutError(kind, afterMs)),
  )
  result.sinceMs = coarseTime()
  track(result)
  return result
}

function pass(from: Operation, to: Operation): void {
  consume(from)
  settle(to, (from.state & FAILED) === 0 ? DONE : FAILED, from.value)
}

function withdrawAll(operations: Operation[]): void {
  const lost = new GreenhouseError('GH_CANCELLED', 'Another wait was first')
  for (const operation of operations) {
    const { source } = operation
    if (!operation.parked || source.interrupt === undefined) cancel(operation, lost)
    else if (operation.scope !== interrupting) source.interrupt(operation, lost)
  }
}
