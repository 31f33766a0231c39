// The public face of a greenlet.
import type { Blocking, WaitOptions } from './blocking.ts'

export type GreenletState =
  'initial' | 'ready' | 'running' | 'blocked' | 'finished' | 'failed' | 'ended'

/** One thing that a greenlet waits for. */
export interface Wait {
  /** What it waits for: "Queue.get", "pauseFor", "join". */
  readonly kind: string
  /** Milliseconds that it has waited. */
  readonly forMs: number
}

/**
 * A coroutine with identity: one flow of control that blocks while others run. Made by `schedule` or `greenlet`.
 *
 * It is not thenable; `await greenlet.join()` gives its result.
 */
export interface Greenlet<T = unknown> {
  readonly id: number
  /** The name given, else the function's, else "greenlet". */
  name: string
  readonly state: GreenletState
  /** Who scheduled it; null once it has finished, and for main. */
  readonly parent: Greenlet | null
  /** Daemons do not keep the process alive, and are not missed at its end. */
  readonly daemon: boolean
  /** The result of a finished greenlet, else undefined. */
  readonly result: T | undefined
  /** The error of a failed or ended greenlet, else undefined. */
  readonly error: unknown
  /** Aborted, with the GreenletExit as its reason, when the greenlet is ended. Made on demand. */
  readonly signal: AbortSignal
  /** What it waits for right now; empty when on a foreign promise. */
  readonly blockedOn: readonly Wait[]

  /**
   * Waits for the greenlet to finish, and gives its result.
   *
   * Cancelled, it leaves the greenlet as it is.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns the result of the body.
   * @throws the body's error; {GH_EXIT} when it was ended; {GH_TIMEOUT}; {GH_INVALID_STATE} when it joins itself.
   * @example
   * ```ts
   * import { schedule } from '@greenhouse/scheduler'
   *
   * const greenlet = schedule(async (a: number, b: number) => a + b, 1, 2)
   * console.log(await greenlet.join()) // => 3
   * ```
   */
  join(options?: WaitOptions): Blocking<T>
}
