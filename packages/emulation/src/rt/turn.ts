// Fairness to the event loop: what takes long to begin (a child process takes milliseconds) is spread over its turns.

/** Milliseconds of one turn that beginnings may take together. */
const TURN_MS = 1

let usedMs = 0
let armed = false
/** Those that wait for a turn, in order; those before `first` have had theirs. */
let waiting: (() => void)[] = []
let first = 0

/** Begins something at once, or in one of the next turns when this one is used up. */
export function inTurn(begin: (over: () => void) => void): void {
  const run = (): void => begin(nothing)
  if (waiting.length > 0 || usedMs >= TURN_MS) waiting.push(run)
  else timed(run)
  if (armed) return
  armed = true
  setImmediate(next)
}

function next(): void {
  armed = false
  usedMs = 0
  while (first < waiting.length && usedMs < TURN_MS) timed(waiting[first++]!)
  if (first === waiting.length) {
    waiting = []
    first = 0
  } else {
    armed = true
    setImmediate(next)
  }
}

function timed(run: () => void): void {
  const since = performance.now()
  run()
  usedMs += performance.now() - since
}

function nothing(): void {}
