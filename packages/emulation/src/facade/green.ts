// The types of what outside code sees of a green library.
import type { Blocking } from '@greenhouse/scheduler'

/** Passed as they are: what has an inside that no wrapper may stand before. */
type Raw =
  | string
  | number
  | bigint
  | boolean
  | symbol
  | null
  | undefined
  | Error
  | Date
  | RegExp
  | ArrayBuffer
  | ArrayBufferView
  | Promise<unknown>
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | readonly unknown[]
  | NodeJS.EventEmitter

// oxlint-disable-next-line typescript/no-explicit-any
type AnyFunction = (...args: any[]) => unknown
// oxlint-disable-next-line typescript/no-explicit-any
type AnyClass = abstract new (...args: any[]) => unknown

/** A function that gives a `Blocking` instead. Keeps up to four overloads; type parameters become `unknown`. */
type GreenFunction<T> = T extends {
  (...args: infer A1): infer R1
  (...args: infer A2): infer R2
  (...args: infer A3): infer R3
  (...args: infer A4): infer R4
}
  ? {
      (...args: A1): Blocking<Green<R1>>
      (...args: A2): Blocking<Green<R2>>
      (...args: A3): Blocking<Green<R3>>
      (...args: A4): Blocking<Green<R4>>
    }
  : T extends (...args: infer A) => infer R
    ? (...args: A) => Blocking<Green<R>>
    : never

type GreenClass<T> = T extends new (...args: infer A) => infer I ? new (...args: A) => Green<I> : T

type GreenMembers<T> = { [K in keyof T]: Green<T[K]> }

/**
 * A library, or a thing of one, as `patched` gives it: functions and methods give a `Blocking` of what they gave; data is what
 * it was.
 *
 * Keeps the first four overloads of a function. Type parameters of functions are lost, they become `unknown`; the elements of
 * arrays, maps and promises are not changed.
 */
export type Green<T> = T extends Raw
  ? T
  : T extends AnyFunction
    ? GreenFunction<T> & (T extends AnyClass ? GreenClass<T> : unknown) & GreenMembers<T>
    : T extends AnyClass
      ? GreenClass<T> & GreenMembers<T>
      : T extends object
        ? GreenMembers<T>
        : T
