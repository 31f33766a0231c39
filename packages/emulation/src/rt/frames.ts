// Running the frames of a greenlet: only the innermost is resumed; what it gives goes to the next.
import { state, SUSPEND, twinOf, type Callable, type Frame } from './convention.ts'
import { noteCallers } from './callers.ts'
import type { Load } from './loading.ts'
import type { Op } from './op.ts'

/** What a greenlet waits for, and the innermost of its frames. */
export interface Suspended {
  readonly op: Op<unknown>
  readonly top: Frame | null
  /** The module whose body it stands in, if it does in one. */
  readonly loading: Load | null
}

/** Calls a function by its twin, where it has one, as code that can be suspended; gives what a twin gives. */
export function runGreen(fn: Callable, thisArg?: unknown, args: readonly unknown[] = []): unknown {
  const { green } = state
  state.green = true
  state.running++
  try {
    return Reflect.apply(twinOf(fn) ?? fn, thisArg, args as unknown[])
  } finally {
    state.green = green
    state.running--
  }
}

/** Gives the innermost frame its value or error, and goes on until the last frame is done or one is suspended again. */
export function resumeFrames(
  top: Frame | null,
  value: unknown,
  isError: boolean,
  within: Load | null = null,
): unknown {
  const { green, loading, callers, resumed } = state
  state.green = true
  state.loading = within
  state.running++
  try {
    let frame = top
    while (frame !== null) {
      const { parent } = frame
      frame.parent = null
      state.callers = parent
      state.resumed = frame
      let result: unknown
      try {
        result = frame.resume(value, isError)
        isError = false
      } catch (error) {
        result = error
        isError = true
        noteCallers(error)
      }
      if (result === SUSPEND && !isError) {
        state.tail!.parent = parent
        return SUSPEND
      }
      value = result
      frame = parent
    }
  } finally {
    state.callers = callers
    state.resumed = resumed
    state.green = green
    state.loading = loading
    state.running--
  }
  if (isError) throw value
  return value
}

/** Takes what a call that gave SUSPEND has left. */
export function takeSuspended(): Suspended {
  const { op, head, suspendedIn } = state
  state.op = null
  state.head = state.tail = null
  state.suspendedIn = null
  return { op: op!, top: head, loading: suspendedIn }
}
