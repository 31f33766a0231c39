// Blocking mode: nothing that runs inside of it is suspended.
import { state } from './convention.ts'

/** Calls `enter` in blocking mode. */
export function runBlocking<T>(enter: () => T): T {
  const { green } = state
  state.green = false
  state.blocking++
  try {
    return enter()
  } finally {
    state.green = green
    state.blocking--
  }
}
