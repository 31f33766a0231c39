// The calling convention of green code. A twin is a plain function: called, it gives a value, throws, or gives SUSPEND. In
// the last case the frames that have still something to do are linked from `head` (the innermost) to `tail`, and `op` is
// what the innermost waits for. Nothing may assume that the stack of JavaScript is the greenlet's.
import type { Load } from './loading.ts'
import type { Op } from './op.ts'

/** What a suspended call gives. An object, so that a constructor can give it too. */
export const SUSPEND: object = Object.freeze({ suspended: true })

/** Under which a function, a builtin too, has its twin. */
export const GREEN: unique symbol = Symbol.for('@greenhouse/emulation/green')

/** A function whose call may give SUSPEND. */
export interface Twin {
  (this: unknown, ...args: unknown[]): unknown
  /** The function that it is the twin of: a twin that was inherited or copied is none. */
  o?: Callable
  /** How it is called by `new`, where that is another way. */
  construct?: (args: unknown[], newTarget: Callable) => unknown
  /** Its flags, where it was compiled from something that `new` may call. */
  k?: number
  /** The prototype of its function, where `new` may call the twin itself. */
  p?: object
}

// oxlint-disable-next-line typescript/no-explicit-any
export type Callable = (this: any, ...args: any[]) => any

/** An iterator whose methods are read and called apart from it. */
export interface Stepper {
  readonly next: Callable
  readonly return?: Callable | null
  readonly throw?: Callable | null
}

/** What is going on right now. One copy for the process: compiled modules of all copies share it. */
export interface State {
  /** Whether the code that runs can be suspended; else primitives block. */
  green: boolean
  /** How many greenlets' code is on the stack. */
  running: number
  /** How many faces are on the stack: calls that cannot be suspended. */
  blocking: number
  /** Whether the whole process is run green, so that whatever blocks holds up greenlets. */
  wholly: boolean
  head: Frame | null
  tail: Frame | null
  op: Op<unknown> | null
  /** The module whose body runs, of those that may be suspended; and the one in which `op` is waited for. */
  loading: Load | null
  suspendedIn: Load | null
  /** `new.target` of the constructor that is called next. */
  newTarget: Callable | undefined
}

export const state: State = {
  green: false,
  running: 0,
  blocking: 0,
  wholly: false,
  head: null,
  tail: null,
  op: null,
  loading: null,
  suspendedIn: null,
  newTarget: undefined,
}

/** What is left to do of a call that was suspended. */
export abstract class Frame {
  /** The frame of its caller. */
  parent: Frame | null = null

  /** Goes on with the value or error of what it waited for; gives what a twin gives. */
  abstract resume(value: unknown, isError: boolean): unknown
}

/** Puts a frame behind those that are linked already. */
export function link(frame: Frame): object {
  if (state.tail === null) state.head = frame
  else state.tail.parent = frame
  state.tail = frame
  return SUSPEND
}

/** A frame that does something with the value. */
class Then extends Frame {
  readonly go: (value: unknown) => unknown

  constructor(go: (value: unknown) => unknown) {
    super()
    this.go = go
  }

  resume(value: unknown, isError: boolean): unknown {
    if (isError) throw value
    return this.go(value)
  }
}

/** What `go` makes of the result of a twin, now or when it has been resumed. */
export function follow(result: unknown, go: (value: never) => unknown): unknown {
  return result === SUSPEND
    ? link(new Then(go as (value: unknown) => unknown))
    : go(result as never)
}

/** The twin of a function; undefined when it has none of its own. */
export function twinOf(fn: unknown): Twin | undefined {
  const twin = (fn as { [GREEN]?: Twin } | null | undefined)?.[GREEN]
  return twin !== undefined && twin !== null && twin.o === fn ? twin : undefined
}

/** Gives a function its twin. */
export function attachTwin(fn: Callable, twin: Twin): void {
  twin.o = fn
  Object.defineProperty(fn, GREEN, { value: twin, configurable: true, writable: true })
}

export function isObject(value: unknown): value is object {
  return value !== null && (typeof value === 'object' || typeof value === 'function')
}
