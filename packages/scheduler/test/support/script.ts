// Code that is written once and run by both kinds of greenlets: a script yields functions that each start a wait.
import type { Blocking, Steps } from '@greenhouse/scheduler'

export type Script = Generator<() => Blocking<any>, unknown, any>

export type Kind = 'generator' | 'async'
export const KINDS: readonly Kind[] = ['generator', 'async']

/** A function for `schedule`, `withTimeout` and the like, of the kind asked for, that runs a script. */
export function bodyOf<A extends unknown[]>(
  kind: Kind,
  script: (...args: A) => Script,
): (...args: A) => Promise<unknown> {
  const body =
    kind === 'generator'
      ? (...args: A) => inSteps(script(...args))
      : async (...args: A) => inAsync(script(...args))
  return body as (...args: A) => Promise<unknown>
}

function* inSteps(script: Script): Steps<unknown> {
  let next = script.next()
  while (next.done !== true) {
    let value: unknown
    try {
      value = yield* next.value()
    } catch (error) {
      next = script.throw(error)
      continue
    }
    next = script.next(value)
  }
  return next.value
}

async function inAsync(script: Script): Promise<unknown> {
  let next = script.next()
  while (next.done !== true) {
    let value: unknown
    try {
      value = await next.value()
    } catch (error) {
      next = script.throw(error)
      continue
    }
    next = script.next(value)
  }
  return next.value
}

/** The code or message of an error. */
export function labelOf(error: unknown): string {
  const { code, message } = error as { code?: string; message: string }
  return code ?? message
}
