// The monitor: a watchdog in a thread of its own, which sees that the event loop stands still and takes the stack of what
// holds it while it is held.
import { isMainThread, Worker } from 'node:worker_threads'
import { checkDelay, checkFunction, checkOptions, wrongValue } from './check.ts'
import { currentGreenlet } from './core/greenlet.ts'
import { entriesRun } from './core/run-queue.ts'
import { GreenhouseError } from './errors.ts'
import { watchdog } from './core/watchdog.ts'

/** A stretch of time in which the event loop stood still. */
export interface Blockage {
  /** Milliseconds from the last sign of life until it was noticed. */
  readonly forMs: number
  /** Who held it, in words: `greenlet 3 "worker"`. */
  readonly holder: string
  /** The stack while it was held, innermost frame first. */
  readonly stack: readonly string[]
}

/** How the monitor watches. */
export interface MonitorOptions {
  /** How long the event loop may be held, in milliseconds; 100 by default, at least 10. */
  readonly thresholdMs?: number
  /** Called, after the loop runs again, with what was seen; by default it is written to stderr at once. */
  readonly onBlocked?: (blockage: Blockage) => void
}

/** A running monitor. */
export interface Monitor {
  /** Ends it. */
  stop(): Promise<void>
}

/** How the watchdog asks who runs, while the main thread is stopped in the debugger. */
const WHO: symbol = Symbol.for('@greenhouse/scheduler/who')

/** Some compilers call it around each function. */
const HELPER = 'const __name = (fn) => fn;'

let running: Monitor | null = null

/**
 * Watches for code that holds the event loop, and reports it with its greenlet and its stack while it is stuck.
 *
 * It neither keeps the process alive nor reports itself; off, it costs nothing. Also by GREENHOUSE_MONITOR=100 in the
 * environment. It uses Node's inspector: a debugger that is
 * attached at the same time gets the pauses too.
 *
 * @param options - `thresholdMs`, `onBlocked`.
 * @returns the monitor, once it watches.
 * @throws {GH_INVALID_ARGUMENT}; {GH_INVALID_STATE} when one runs already; {GH_UNSUPPORTED} in a worker thread.
 * @example
 * ```ts
 * import { monitor } from '@greenhouse/scheduler'
 *
 * const watch = await monitor({ thresholdMs: 50 })
 * await watch.stop()
 * ```
 */
export async function monitor(options: MonitorOptions = {}): Promise<Monitor> {
  checkOptions('options', options)
  const { thresholdMs = 100, onBlocked } = options
  checkDelay('options.thresholdMs', thresholdMs)
  if (thresholdMs < 10 || thresholdMs === Infinity) {
    wrongValue('options.thresholdMs', 'a number of milliseconds of at least 10', thresholdMs)
  }
  if (onBlocked !== undefined) checkFunction('options.onBlocked', onBlocked)
  if (running !== null) throw new GreenhouseError('GH_INVALID_STATE', 'A monitor runs already')
  if (!isMainThread) {
    throw new GreenhouseError('GH_UNSUPPORTED', 'The monitor can watch the main thread only')
  }
  const beats = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(`${HELPER}(${watchdog.toString()})()`, {
    eval: true,
    execArgv: [],
    workerData: { beats, thresholdMs, writes: onBlocked === undefined },
  })
  const heart = setInterval(() => Atomics.add(beats, 0, 1), thresholdMs / 4)
  heart.unref()
  const who = globalThis as unknown as Record<symbol, unknown>
  who[WHO] = () => {
    const { id, name } = currentGreenlet()
    return `greenlet ${id} "${name}"`
  }
  const own: Monitor = {
    async stop() {
      if (running !== own) return
      running = null
      clearInterval(heart)
      delete who[WHO]
      await worker.terminate()
    },
  }
  running = own
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.on('message', (message: 'ready' | Blockage) => {
      if (message === 'ready') resolve()
      else onBlocked?.(message)
    })
  })
  worker.unref()
  return own
}

/**
 * Fails when a function never lets another greenlet run: for tests of code that is to be cooperative.
 *
 * @param fn - May be async.
 * @returns what it gives.
 * @throws {GH_INVALID_STATE} when no greenlet ran meanwhile.
 * @example
 * ```ts
 * import { assertSwitches, pause } from '@greenhouse/scheduler'
 *
 * await assertSwitches(async () => pause())
 * ```
 */
export async function assertSwitches<T>(fn: () => T | PromiseLike<T>): Promise<T> {
  checkFunction('fn', fn)
  const before = entriesRun()
  const value = await fn()
  if (entriesRun() > before) return value
  throw new GreenhouseError(
    'GH_INVALID_STATE',
    'Expected the function to let other greenlets run, but it never did',
  )
}
