// What the hot and cold bodies of plain twins call.
import {
  follow,
  Frame,
  isObject,
  link,
  state,
  SUSPEND,
  type Callable,
  type Place,
} from './convention.ts'

/** Leads back into a catch clause in which a call was suspended. */
export const JUMP: object = Object.freeze({ jump: true })

/** The value of a variable whose declaration has not been reached. */
export const DEAD: object = Object.freeze({ dead: true })

type Cold = (
  call: number,
  value: unknown,
  isError: boolean,
  locals: unknown[],
  frame: PlainFrame,
) => unknown

/** A plain twin that was suspended at a call. */
class PlainFrame extends Frame {
  readonly cold: Cold
  readonly self: unknown
  readonly file: string
  /** The places of its calls, by number: `12:5,13:9`. */
  readonly places: string
  call: number
  locals: unknown[]

  constructor(
    cold: Cold,
    call: number,
    locals: unknown[],
    self: unknown,
    file: string,
    places: string,
  ) {
    super()
    this.cold = cold
    this.self = self
    this.file = file
    this.places = places
    this.call = call
    this.locals = locals
  }

  resume(value: unknown, isError: boolean): unknown {
    const { cold } = this
    return cold(this.call, value, isError, this.locals, this)
  }

  override place(): Place {
    const [line, column] = this.places.split(',')[this.call - 1]!.split(':')
    return [this.file, Number(line), Number(column)]
  }
}

/** Saves a hot body. */
export function capture(
  cold: Cold,
  call: number,
  locals: unknown[],
  self: unknown,
  file: string,
  places: string,
): object {
  return link(new PlainFrame(cold, call, locals, self, file, places))
}

/** Saves a cold body that was suspended again. */
export function captureAgain(frame: PlainFrame, call: number, locals: unknown[]): object {
  frame.call = call
  frame.locals = locals
  return link(frame)
}

/** The result of `new twin(…)`: what was made, also when it is finished only later. */
export function newResult(made: object): unknown {
  if (made !== SUSPEND) return made
  const { self } = state.tail as PlainFrame
  return follow(SUSPEND, (result) => (isObject(result) ? result : self))
}

/** A variable that may be dead. */
export function alive(value: unknown, name: string): unknown {
  if (value === DEAD) throw new ReferenceError(`Cannot access '${name}' before initialization`)
  return value
}

/** What is called in place of something that is no plain function: it throws, or calls what has a `call` of its own. */
export function oddCallee(fn: unknown, name: string): Callable {
  if (typeof fn === 'function') {
    return function (this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(fn as Callable, this, args)
    }
  }
  return () => {
    throw new TypeError(`${name} is not a function`)
  }
}

/** The keys that a for-in goes through. */
export function keysOf(object: object): string[] {
  const keys: string[] = []
  // oxlint-disable-next-line guard-for-in
  for (const key in object) keys.push(key)
  return keys
}
