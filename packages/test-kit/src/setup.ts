// Runs in every test file: a stray console line or an unhandled rejection fails the test in which
// it happens. A test that expects output replaces the method: `vi.spyOn(console, 'error')`.
// And `vi.waitFor` is as patient as `expect.poll` is by the configuration.
import { format } from 'node:util'
import { afterEach, beforeEach, vi } from 'vitest'

const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const
const strays: string[] = []

for (const method of METHODS) {
  console[method] = (...args: unknown[]): void => {
    strays.push(`console.${method}: ${format(...args)}`)
  }
}

process.on('unhandledRejection', (reason) => {
  strays.push(`unhandled rejection: ${format(reason)}`)
})

const { waitFor } = vi
vi.waitFor = (callback, options = {}) =>
  waitFor(
    callback,
    typeof options === 'number' ? options : { timeout: 10_000, interval: 20, ...options },
  )

beforeEach(() => {
  strays.length = 0
})

afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve))
  if (strays.length > 0) throw new Error(`The test left\n${strays.splice(0).join('\n')}`)
})
