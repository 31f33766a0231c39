// The common case: `xSync(...args)` has a sister `x(...args, callback)`.
import { op, type Admission, type Primitive } from '../op.ts'
import { apply, trimmed, type Original } from './table.ts'

/** Makes a primitive of a function and its sister that takes a callback. */
export function withCallback(
  kind: string,
  sync: Original,
  sister: unknown,
  values: (results: unknown[]) => unknown = ([first]) => first,
  admission: Admission | null = null,
): Primitive {
  return (self, args) =>
    op(
      kind,
      (done) => {
        apply(sister, self, [
          ...trimmed(args),
          (error: unknown, ...results: unknown[]) => done(error, values(results)),
        ])
      },
      () => apply(sync, self, args),
      admission,
    )
}
