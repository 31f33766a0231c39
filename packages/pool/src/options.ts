// How many at once: the one option that pools and `map` share.
import { checkCount, checkOptions, wrongType, wrongValue } from '@greenhouse/scheduler/kernel'

/** How many jobs run at once. */
export interface ConcurrencyOptions {
  /** How many jobs run at once, at least 1; 10 by default. */
  readonly concurrency?: number | undefined
  /** An alias of `concurrency`, as the original has it. */
  readonly size?: number | undefined
}

/** How a pool is made. */
export interface PoolOptions extends ConcurrencyOptions {
  /** How many jobs may wait for a worker before `put` blocks, at least 0; Infinity by default. */
  readonly maxQueued?: number | undefined
  /** The name in dumps. */
  readonly name?: string | undefined
}

const DEFAULT_CONCURRENCY = 10

/** Reads `concurrency` or its alias; both may be given when they agree. */
export function concurrencyOf(options: ConcurrencyOptions): number {
  checkOptions('options', options)
  const { concurrency, size } = options
  if (concurrency !== undefined) checkCount('options.concurrency', concurrency, 1)
  if (size !== undefined) checkCount('options.size', size, 1)
  if (concurrency !== undefined && size !== undefined && concurrency !== size) {
    wrongValue('options.size', `equal to \`options.concurrency\`, ${concurrency}`, size)
  }
  return concurrency ?? size ?? DEFAULT_CONCURRENCY
}

/** Reads the options of a pool, whose workers are all there from the start: their number is finite. */
export function poolOptions(options: PoolOptions): Required<PoolLimits> & PoolOptions {
  const concurrency = concurrencyOf(options)
  if (concurrency === Infinity) {
    wrongValue('options.concurrency', 'a finite integer of at least 1', concurrency)
  }
  const { maxQueued = Infinity, name } = options
  checkCount('options.maxQueued', maxQueued, 0)
  if (name !== undefined && typeof name !== 'string') wrongType('options.name', 'a string', name)
  return { concurrency, maxQueued, name }
}

interface PoolLimits {
  readonly concurrency: number
  readonly maxQueued: number
}
