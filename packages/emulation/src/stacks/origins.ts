// Where errors were made, and how to throw one again so that Node prints that line of the source above it: it looks where the
// error was thrown last.
import { Script } from 'node:vm'

/** A place in a compiled script. */
export interface Origin {
  readonly script: string
  readonly line: number
  readonly column: number
}

const origins = new WeakMap<object, Origin>()

export function noteOrigin(error: object, origin: Origin): void {
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
  if (origin === undefined) throw error
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

function originOf(error: unknown): Origin | undefined {
  if (!(error instanceof Error)) return undefined
  // Its stack is looked at when it is asked for.
  void error.stack
  return origins.get(error)
}
