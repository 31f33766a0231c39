// Twins of builtins that call what they are given: so that a callback can be suspended where the builtin's own rules allow it.
// Each does exactly what the builtin does, in the same order; what it cannot do so (comparators, revivers, species) stays with
// the builtin, and the callback blocks.
import { installArrayTwins } from './natives-array.ts'
import { installErrorTwins } from './natives-error.ts'
import { installFunctionTwins } from './natives-function.ts'
import { installIterableTwins } from './natives-iterables.ts'
import { installPromiseTwins } from './natives-promise.ts'
import { installStringTwins } from './natives-string.ts'

let installed = false

/** Gives the builtins of this realm their twins, once. */
export function installNatives(): void {
  if (installed) return
  installed = true
  installArrayTwins()
  installIterableTwins()
  installStringTwins()
  installFunctionTwins()
  installPromiseTwins()
  installErrorTwins()
}
