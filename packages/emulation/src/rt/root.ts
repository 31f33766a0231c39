// Calls that Node makes: they run at once until their first wait, and from there on in a greenlet of their own.
import { greenlet } from '@greenhouse/scheduler'
import { throwAgain } from '../stacks/origins.ts'
import { SUSPEND, state } from './convention.ts'
import { driveSuspended } from './driver.ts'
import { runGreen, takeSuspended } from './frames.ts'
import { startAsRoot } from './roots.ts'

/** Whether it is Node that calls, with no code of ours on the stack that could not be suspended together with the call. */
export function isRoot(): boolean {
  return state.running === 0 && state.blocking === 0
}

/** What came of a call at once; a promise where it waits. */
export type Outcome = { readonly value: unknown } | { readonly promise: Promise<unknown> }

/** Runs what gives what a twin gives. What it throws before its first wait is thrown here. */
export function startRoot(name: string, enter: () => unknown): Outcome {
  const result = runGreen(enter)
  if (result !== SUSPEND) return { value: result }
  const first = takeSuspended()
  return { promise: startAsRoot(greenlet(() => driveSuspended(first), { name })) }
}

/** What nobody catches ends the process, as if Node's own callback had thrown it. */
export function crash(error: unknown): void {
  process.nextTick(() => {
    throwAgain(error)
  })
}
