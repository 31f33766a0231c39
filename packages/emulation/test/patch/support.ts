// Words that the tests of the patches share.
import { afterEach } from 'vitest'
import { unpatch } from '@greenhouse/emulation'

afterEach(() => unpatch())

/** The error with which a promise rejects; undefined when it does not. */
export function errorOf(promise: PromiseLike<unknown>): Promise<any> {
  return Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** The next turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
