// The table of blocking primitives: the original function, and how to make an operation of a call of it.
import type { Primitive } from '../op.ts'

/** A blocking function of Node or of the language. */
export interface Entry {
  readonly kind: string
  readonly make: Primitive
  /** Whether such a call is so short that it may be done at once, while the turn of the event loop is young. */
  readonly cheap: (args: readonly unknown[]) => boolean
  /** Whether such a call cannot fail: then the stack of who calls green code, which is dear, is not taken. */
  readonly sure: (args: readonly unknown[]) => boolean
}

export type Original = (...args: never[]) => unknown
export type Table = Map<Original, Entry>

/** Enters `holder[name]`, where this version of Node has it. */
export function enter(
  table: Table,
  prefix: string,
  holder: object,
  name: string,
  make: (original: Original) => Primitive,
  { cheap = never, sure = never }: Partial<Pick<Entry, 'cheap' | 'sure'>> = {},
): void {
  const original = (holder as Record<string, unknown>)[name]
  if (typeof original !== 'function') return
  const kind = `${prefix}.${name}`
  table.set(original as Original, { kind, make: make(original as Original), cheap, sure })
}

/** Whatever the arguments of a call. */
export function always(): boolean {
  return true
}

/** For no arguments of a call. */
export function never(): boolean {
  return false
}

/** Without the trailing arguments that are undefined: a callback is to follow. */
export function trimmed(args: readonly unknown[]): unknown[] {
  let count = args.length
  while (count > 0 && args[count - 1] === undefined) count--
  return args.slice(0, count)
}

/** Calls an original with any arguments. */
export function apply(fn: unknown, self: unknown, args: readonly unknown[]): unknown {
  return Reflect.apply(fn as (...args: unknown[]) => unknown, self, args)
}
