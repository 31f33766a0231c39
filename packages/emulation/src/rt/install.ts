// Gives the blocking primitives of Node their twins. The function objects carry them, so that every reference to one does,
// however it was come by.
import { attachTwin, type Callable } from './convention.ts'
import { state } from './convention.ts'
import { primitives } from './ops/index.ts'
import type { Entry, Original } from './ops/table.ts'
import { suspend } from './suspend.ts'

/** How often primitives suspended their greenlets, and how often they were done at once, by kind. */
export const suspensions: {
  readonly suspended: Map<string, number>
  readonly inline: Map<string, number>
} = { suspended: new Map(), inline: new Map() }

/** Milliseconds of one turn of the event loop that cheap calls may take together. */
const SLICE_MS = 2

let exact = process.env['GREENHOUSE_EXACT'] === '1'
let installed = false
/** When the first cheap call of this turn was made; 0 before it. */
let turnMs = 0

/** Gives all primitives their twins, once. */
export function installPrimitives(): void {
  if (installed) return
  installed = true
  for (const [original, entry] of primitives) install(original, entry)
}

/** In exact mode every call suspends, however cheap. Gives what was set before. */
export function setExact(on: boolean): boolean {
  const before = exact
  exact = on
  return before
}

function install(original: Original, { kind, make, cheap, sure }: Entry): void {
  const twin = function (this: unknown, ...args: unknown[]): unknown {
    if (state.green) {
      if (!exact && cheap(args) && withinSlice()) {
        count(suspensions.inline, kind)
        return Reflect.apply(original as Callable, this, args)
      }
      count(suspensions.suspended, kind)
      const op = make(this, args)
      op.isSure = sure(args)
      return suspend(op)
    }
    return suspend(make(this, args))
  }
  attachTwin(original as Callable, twin)
}

/** Whether this turn of the event loop is still young. */
function withinSlice(): boolean {
  const now = performance.now()
  if (turnMs === 0) {
    turnMs = now
    setImmediate(turnOver).unref()
  }
  return now - turnMs < SLICE_MS
}

function turnOver(): void {
  turnMs = 0
}

function count(counts: Map<string, number>, kind: string): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1)
}
