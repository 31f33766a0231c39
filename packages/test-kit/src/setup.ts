// Runs in every test file: a stray console line or an unhandled rejection fails the test in which
// it happens. A test that expects output replaces the method: `vi.spyOn(console, 'error')`.
import { format } from 'node:util'
import { afterEach, beforeEach } from 'vitest'

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

beforeEach(() => {
  strays.length = 0
})

afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve))
  if (strays.length > 0) throw new Error(`The test left\n${strays.splice(0).join('\n')}`)
})
