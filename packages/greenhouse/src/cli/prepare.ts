// What `greenhouse run`, `explain` and `greenhouse/register` do to a process before the program loads.
import { compileProgram, patch, type Patterns } from '@greenhouse/emulation'

/** What of a process becomes greenhouse's. */
export interface PrepareOptions {
  /** Names of what `patch` takes; true for all, false for none. */
  readonly patch?: boolean | readonly string[]
  /** The packages to compile, or true for all, false for none. */
  readonly green?: boolean | Patterns
  readonly exclude?: Patterns
  readonly marked?: boolean
  readonly exact?: boolean
}

/** Patches and compiles as told; everything by default. */
export function prepare(options: PrepareOptions = {}): void {
  const { patch: names = true, green = true, ...rest } = options
  if (names !== false) patch(...(names === true ? [] : names))
  if (green === true) compileProgram(rest)
  else if (green !== false) compileProgram({ ...rest, include: green })
}
