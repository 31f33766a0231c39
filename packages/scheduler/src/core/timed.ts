// An operation with a time-out or an abort signal. It is its own timer; both are given up when it is settled.
import type { WaitOptions } from '../blocking.ts'
import { DAEMON } from './life.ts'
import { ARMED, FAILED, NOTHING, Operation, PENDING, settle, type Source } from './operation.ts'
import type { Scope } from './scope.ts'
import { unwatchSignal, watchSignal } from './signals.ts'
import { startTimer, stopTimer, type Bucket, type Timer } from './timers.ts'

/** Gives an operation whose time is up its outcome. */
export type Expire = (operation: Operation, afterMs: number) => void

export class TimedOperation extends Operation implements Timer {
  bucket: Bucket | null = null
  earlier: Timer | null = null
  later: Timer | null = null
  afterMs: number
  expire: Expire
  signal: AbortSignal | null = null

  constructor(scope: Scope, source: Source, value: unknown, afterMs: number, expire: Expire) {
    super(scope, source, PENDING | ARMED, value)
    this.afterMs = afterMs
    this.expire = expire
  }

  get keepsProcess(): boolean {
    return (this.scope.bits & DAEMON) === 0
  }

  fire(): void {
    this.source.withdraw(this)
    this.source = NOTHING
    this.expire(this, this.afterMs)
  }

  aborted(reason: unknown): void {
    this.source.withdraw(this)
    settle(this, FAILED, reason)
  }

  disarm(): void {
    stopTimer(this)
    if (this.signal !== null) unwatchSignal(this.signal, this)
  }
}

/** Makes a pending operation; a timed one where the options ask for it. A time-out of 0 has to be expired by the caller. */
export function pendingOperation(
  scope: Scope,
  source: Source,
  value: unknown,
  options: WaitOptions | undefined,
  expire: Expire,
): Operation {
  if (options === undefined) return new Operation(scope, source, PENDING, value)
  const { timeoutMs = Infinity, signal } = options
  if (timeoutMs === Infinity && signal === undefined)
    return new Operation(scope, source, PENDING, value)
  const operation = new TimedOperation(scope, source, value, timeoutMs, expire)
  startTimer(operation, timeoutMs)
  if (signal !== undefined) {
    operation.signal = signal
    watchSignal(signal, operation)
  }
  return operation
}
