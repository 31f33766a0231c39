// Who waits for a frame that was resumed. An error that is made in it knows only the stack of JavaScript, which begins at that
// frame; the frames behind it are noted when the error passes them or is caught, or when its stack is asked for before.
import { isObject, state, type Frame, type Place } from './convention.ts'
import { shownFrames } from './stack-limit.ts'

const noted = new WeakMap<object, readonly Place[]>()

/** Under which what has the stack of a call, and is no error itself, has its callers. */
export const CALLERS: unique symbol = Symbol('callers')

/** Notes who waits for what has thrown an error, unless that was noted when it was nearer. */
export function noteCallers(error: unknown, callers: Frame | null): void {
  if (isObject(error) && !noted.has(error)) noted.set(error, placesOf(callers))
}

/** What a catch clause begins with: gives the error. */
export function caught(error: unknown): unknown {
  if (state.callers !== undefined) noteCallers(error, state.callers)
  return error
}

/** Where those wait, from the inside out, who have called what made an error; undefined where nothing was noted. */
export function notedCallers(error: object): readonly Place[] | undefined {
  const { [CALLERS]: own } = error as { [CALLERS]?: Frame | null }
  return own === undefined ? noted.get(error) : placesOf(own)
}

/** Where those wait who have called what runs now. */
export function currentCallers(): readonly Place[] {
  return placesOf(state.callers ?? null)
}

/** More is never shown. */
const MOST = 200

function placesOf(top: Frame | null): Place[] {
  const limit = Math.min(shownFrames(), MOST)
  const places: Place[] = []
  for (let frame = top; frame !== null && places.length < limit; frame = frame.parent) {
    const place = frame.place()
    if (place !== null) places.push(place)
  }
  return places
}
