// Where errors were made, and how to throw one again so that Node prints that line of the source above it: it looks where the
// error was thrown last.
import { Script } from 'node:vm'

/** A place in a compiled script. */
export interface Origin {
  readonly script: string
  readonly line: number
  readonly column: number
}

/** Where it takes a search, that is begun when somebody asks: most errors are caught. */
type Known = Origin | (() => Origin | null)

const origins = new WeakMap<object, Known>()

export function noteOrigin(error: object, origin: Known): void {
  origins.set(error, origin)
}

/** Notes that an error was made where a call was. */
export function shareOrigin(error: object, call: object): void {
  const origin = origins.get(call)
  if (origin !== undefined) origins.set(error, origin)
}

/** Throws an error from where it was made, as far as that is known. */
export function throwAgain(error: unknown): never {
  const origin = originOf(error)
  if (origin === null) throw error
  const { script, line, column } = origin
  const head = '(error)=>{'
  // The address of a map makes Node look for that of the compiled script.
  const text = `${head}throw error}\n//# ${'source'}MappingURL=data:,`
  const throws = new Script(text, {
    filename: script,
    lineOffset: line - 1,
    columnOffset: column - 1 - head.length,
  }).runInThisContext() as (error: unknown) => never
  return throws(error)
}

function originOf(error: unknown): Origin | null {
  if (!(error instanceof Error)) return null
  // Its stack is looked at when it is asked for.
  void error.stack
  const known = origins.get(error)
  return typeof known === 'function' ? known() : (known ?? null)
}
