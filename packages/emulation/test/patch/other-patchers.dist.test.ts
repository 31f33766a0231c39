// Others who patch Node's modules, as tracers do, beside `patch()`: whoever comes first, both act.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const program = fileURLToPath(new URL('other-patchers/program.mjs', import.meta.url))
const corpus = new URL('../../../../corpus/clients/node_modules/shimmer', import.meta.url)
const required = process.env['GREENHOUSE_SERVICES'] === 'required'

async function run(patcher: string, order: string): Promise<object> {
  const args = ['--no-warnings', program, patcher, order]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  return JSON.parse(stdout) as object
}

const both = { aborted: ['sleep', 'exec'], theirs: [2, 2] }

// Missing: `node scripts/corpus.mjs clients` installs it.
describe.skipIf(!required && !existsSync(corpus))('patch beside', () => {
  it.each([
    ['import-in-the-middle', 'patch,hook,load', both],
    ['import-in-the-middle', 'hook,patch,load', both],
    // It has taken the functions out of their modules for all who import them; children are reached all the same.
    ['import-in-the-middle', 'hook,load,patch', { ...both, aborted: ['exec'] }],
    ['require-in-the-middle', 'patch,hook,load', both],
    ['require-in-the-middle', 'hook,patch,load', both],
    ['require-in-the-middle', 'hook,load,patch', both],
  ])('%s: %s', async (patcher, order, seen) => {
    expect(await run(patcher, order)).toEqual(seen)
  })
})
