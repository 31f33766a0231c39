// What stands where a function stood runs its twin where nothing can be suspended.
import { state, type Callable } from './convention.ts'
import { start, type TwinBody } from './start.ts'

/** What a face does. */
export function face(
  body: TwinBody,
  self: unknown,
  args: ArrayLike<unknown>,
  flags: number,
  newTarget?: Callable,
): unknown {
  const { green } = state
  state.green = false
  state.blocking++
  try {
    return start(body, self, args, flags, newTarget)
  } finally {
    state.green = green
    state.blocking--
  }
}
