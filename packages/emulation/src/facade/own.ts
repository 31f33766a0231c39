// green: blocking code of one's own.
import { GreenhouseError, type Blocking } from '@greenhouse/scheduler'
import { checkFunction } from '@greenhouse/scheduler/kernel'
import { callGreen, twinOf, type Callable } from '../rt/index.ts'

/**
 * Makes a function that was written to block give a `Blocking`: what it waits for blocks only the greenlet that calls.
 *
 * Its module must have been compiled: by `greenhouse run`, `--import greenhouse/register` or `compileProgram`, all modules or
 * those that begin with the directive `'use green'`. Several greenlets may be inside at once. Ended or timed out, a call is
 * thrown the end where it waits.
 *
 * @param fn - The function.
 * @returns a function that takes the same arguments.
 * @throws {GH_INVALID_ARGUMENT} when `fn` is no function; {GH_UNSUPPORTED} when it has not been compiled.
 * @example
 * ```ts no-run
 * 'use green'
 * import { execSync } from 'node:child_process'
 * import { green } from '@greenhouse/emulation'
 *
 * export const uptime = green(() => execSync('uptime', { encoding: 'utf8' }))
 * ```
 */
export function green<A extends unknown[], T>(fn: (...args: A) => T): (...args: A) => Blocking<T> {
  checkFunction('fn', fn)
  if (twinOf(fn) === undefined) {
    throw new GreenhouseError(
      'GH_UNSUPPORTED',
      `The function ${fn.name || 'given'} has not been compiled green: run the program with \`greenhouse run\` or ` +
        '`node --import greenhouse/register`; or it is of a kind that cannot be suspended (see emulationReport())',
    )
  }
  return function (this: unknown, ...args) {
    return callGreen(fn as Callable, this, args) as Blocking<T>
  }
}
