// Atomics.wait: the asynchronous form does not keep the process alive, and cannot be called off.
import { op, type Op } from '../op.ts'
import { apply, enter, type Table } from './table.ts'

type Answer = 'ok' | 'not-equal' | 'timed-out'
type WaitAsync = (
  ...args: unknown[]
) => { async: false; value: Answer } | { async: true; value: Promise<Answer> }

/** The longest delay of a timer. */
const LONG_MS = 2 ** 31 - 1

/** Enters Atomics.wait. */
export function atomicsPrimitives(table: Table): void {
  const { waitAsync } = Atomics as unknown as { waitAsync: WaitAsync }
  enter(
    table,
    'Atomics',
    Atomics,
    'wait',
    (original) => (_self, args) =>
      wait(waitAsync, args, () => apply(original, Atomics, args) as Answer),
    { sure: isSound },
  )
}

/** Whether there is nothing to complain of. */
function isSound([cells, at, value, ms]: readonly unknown[]): boolean {
  return (
    cells instanceof Int32Array &&
    cells.buffer instanceof SharedArrayBuffer &&
    Number.isInteger(at) &&
    (at as number) >= 0 &&
    (at as number) < cells.length &&
    typeof value === 'number' &&
    (ms === undefined || typeof ms === 'number')
  )
}

function wait(waitAsync: WaitAsync, args: readonly unknown[], sync: () => Answer): Op<Answer> {
  return op<Answer>(
    'Atomics.wait',
    (done) => {
      const begun = waitAsync(...args)
      if (!begun.async) return done(null, begun.value)
      let waiting = true
      keepAlive()
      void begun.value.then((answer) => {
        if (waiting) {
          letGo()
          done(null, answer)
        } else if (answer === 'ok') {
          // A wake-up that nobody waits for any more is for the next in line.
          Atomics.notify(args[0] as Int32Array, args[1] as number, 1)
        }
      })
      return () => {
        waiting = false
        letGo()
      }
    },
    sync,
  )
}

/** How many wait, and what keeps the process alive for them all. */
let waiters = 0
let alive: NodeJS.Timeout | undefined

function keepAlive(): void {
  if (waiters++ === 0) alive = setInterval(() => {}, LONG_MS)
}

function letGo(): void {
  if (--waiters === 0) clearInterval(alive)
}
