// What a greenlet can be made from. The overloads keep a generator that yields a Blocking (where it needs `yield*`) from
// compiling: its type fits no `Steps`, and `Plain` takes no iterator.
import type { Steps } from './blocking.ts'

/** A generator function: its waits are `yield*`. */
export type GeneratorBody<A extends unknown[], T> = (...args: A) => Steps<T>
/** An async function: its waits are `await`. */
export type AsyncBody<A extends unknown[], T> = (...args: A) => PromiseLike<T>
/** What a plain function may give: anything that is no iterator. */
export type Plain =
  | string
  | number
  | bigint
  | boolean
  | symbol
  | null
  | undefined
  | void
  | (object & { readonly next?: never; readonly then?: never })
/** A plain function. */
export type PlainBody<A extends unknown[], T extends Plain> = (...args: A) => T
