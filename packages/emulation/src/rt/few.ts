// So many at a time: what holds much memory while it is under way, and gains nothing from more.
import type { Admission } from './op.ts'

/** Lets `most` begin at once, the others in their order as those before them are over. */
export function few(most: number): Admission {
  let underWay = 0
  /** Those that wait, in order; those before `first` have begun. */
  let waiting: ((over: () => void) => void)[] = []
  let first = 0
  /** What begins may be over at once: then this is not begun anew, a thousand levels deep. */
  let isAtIt = false

  function over(): void {
    underWay--
    if (isAtIt) return
    isAtIt = true
    while (underWay < most && first < waiting.length) {
      const begin = waiting[first++]!
      if (first === waiting.length) {
        waiting = []
        first = 0
      }
      start(begin)
    }
    isAtIt = false
  }

  function start(begin: (over: () => void) => void): void {
    underWay++
    begin(over)
  }

  return (begin) => {
    if (underWay < most) start(begin)
    else waiting.push(begin)
  }
}
