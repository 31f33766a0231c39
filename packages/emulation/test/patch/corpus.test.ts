// Unmodified libraries under `patch()`: the same results as without it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const program = fileURLToPath(new URL('corpus-program.mjs', import.meta.url))
const corpus = new URL('../../../../corpus/clients/node_modules/express', import.meta.url)
const FLAGS = ['--no-warnings', '--conditions=@greenhouse/source', '--import', 'tsx', program]
const required = process.env['GREENHOUSE_SERVICES'] === 'required'

async function run(...mode: string[]): Promise<Record<string, object>> {
  const child = spawn(process.execPath, [...FLAGS, ...mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece))
  await new Promise((resolve) => child.on('close', resolve))
  return JSON.parse(output) as Record<string, object>
}

// Missing: `node scripts/corpus.mjs clients` installs it.
describe.skipIf(!required && !existsSync(corpus))('the libraries of corpus/clients', () => {
  it(
    'work under patch, outside and inside scopes, as they do without',
    { timeout: 120_000 },
    async () => {
      const native = await run()
      expect(Object.keys(native).length).toBeGreaterThan(20)
      for (const [name, result] of Object.entries(native))
        expect([name, result]).not.toHaveProperty('1.failed')
      expect(await run('patch')).toEqual(native)
      expect(await run('inside')).toEqual(native)
    },
  )
})
