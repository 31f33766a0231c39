// How many frames a stack shows. Frames of greenhouse's own count for V8, but are not shown: so more are taken than are shown,
// unless the program says how many it wants.

/** How many frames V8 takes for each that is shown. */
const FACTOR = 4

/** How many frames of the runtime stand on the stack of a plain call. */
const SPARE = 6

let shown: number | null = null
let raised: number | null = null

/** Makes V8 take more frames, once. */
export function raiseStackLimit(): void {
  const { stackTraceLimit } = Error
  if (raised !== null || typeof stackTraceLimit !== 'number' || !(stackTraceLimit > 0)) return
  shown = stackTraceLimit
  raised = stackTraceLimit * FACTOR
  Error.stackTraceLimit = raised
}

/** Takes the stack of a call that waits, which few ever ask for: little more than is shown, or as many frames as are asked for. */
export function captureCall(
  target: object,
  above: (...args: never[]) => unknown,
  frames: number = Infinity,
): void {
  const { stackTraceLimit } = Error
  const isRaised = raised !== null && stackTraceLimit === raised
  if (isRaised) Error.stackTraceLimit = Math.min(frames, shown! + SPARE)
  Error.captureStackTrace(target, above)
  if (isRaised) Error.stackTraceLimit = stackTraceLimit
}

/** How many frames a stack shows. */
export function shownFrames(): number {
  const { stackTraceLimit } = Error
  if (typeof stackTraceLimit !== 'number') return 0
  return stackTraceLimit === raised ? shown! : Math.max(0, stackTraceLimit)
}
