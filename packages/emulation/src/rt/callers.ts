// Who waits for a frame that was resumed. An error that is made in it knows only the stack of JavaScript, which begins at that
// frame; the frames behind it are noted when the error passes them or is caught, or when its stack is asked for before.
import { isObject, state, type Frame, type Place } from './convention.ts'
import { shownFrames } from './stack-limit.ts'

const noted = new WeakMap<object, readonly Place[]>()

/** Under which what has the stack of a call, and is no error itself, has its callers. */
export const CALLERS: unique symbol = Symbol('callers')

/** Notes who waits for what has made an error, unless that was noted when it was nearer. */
export function noteCallers(error: unknown): void {
  if (state.callers === undefined || !isObject(error) || noted.has(error)) return
  noted.set(error, currentCallers())
}

/** What a catch clause begins with: gives the error. */
export function caught(error: unknown): unknown {
  noteCallers(error)
  return error
}

/** Where those wait, from the inside out, who have called what made an error; undefined where nothing was noted. */
export function notedCallers(error: object): readonly Place[] | undefined {
  const { [CALLERS]: own } = error as { [CALLERS]?: Frame | null }
  return own === undefined ? noted.get(error) : placesFrom(own)
}

/** Where those wait who have called what runs now. */
export function currentCallers(): readonly Place[] {
  return placesFrom(currentCaller())
}

/** The frame that waits for what runs now. */
export function currentCaller(): Frame | null {
  return state.callers ?? state.resumed?.caller() ?? null
}

/** More is never shown. */
const MOST = 200

function placesFrom(top: Frame | null): Place[] {
  const limit = Math.min(shownFrames(), MOST)
  const places: Place[] = []
  for (let frame = top; frame !== null && places.length < limit; frame = frame.caller()) {
    const place = frame.place()
    if (place !== null) places.push(place)
  }
  return places
}
