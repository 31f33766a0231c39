// Looking at files. The asynchronous forms of stat do not know `throwIfNoEntry` in every version of Node: what is no error
// then, the original says.
import fs from 'node:fs'
import { op, type Primitive } from '../op.ts'
import { apply, trimmed, type Original } from './table.ts'

type Callback = (error: unknown, value?: unknown) => void

/** stat and its kin. */
export function statOp(original: Original): Primitive {
  const { name } = original
  const sister = (fs as unknown as Record<string, unknown>)[name.slice(0, -4)]
  return (self, args) => {
    const options = args[1] as { throwIfNoEntry?: unknown } | null | undefined
    const lenient = typeof options === 'object' && options?.throwIfNoEntry === false
    return op(
      `fs.${name}`,
      (done) => {
        const over: Callback = lenient ? orAsk(() => apply(original, self, args), done) : done
        apply(sister, self, [...trimmed(args), over])
      },
      () => apply(original, self, args),
    )
  }
}

/** existsSync, which never throws. */
export function existsOp(original: Original): Primitive {
  return (self, args) => {
    const sync = () => apply(original, self, args)
    return op(
      'fs.existsSync',
      (done) => fs.access(args[0] as fs.PathLike, (error) => done(null, error === null)),
      sync,
    )
  }
}

/** Where the asynchronous form fails in other words than the original, the original is asked for its own. */
export function orAsk(
  sync: () => unknown,
  done: (error: unknown, value?: unknown) => void,
): (error: unknown, value?: unknown) => void {
  return (error, value) => {
    if (error === null || error === undefined) return done(null, value)
    let answer
    try {
      answer = sync()
    } catch (failure) {
      return done(failure)
    }
    done(null, answer)
  }
}
