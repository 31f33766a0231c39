// A patched process behaves as an unpatched one, and so does a view.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('differential-program.mjs', import.meta.url))
const FLAGS = ['--no-warnings', '--conditions=@greenhouse/source', '--import', 'tsx', program]

async function run(mode?: string): Promise<string[]> {
  const child = spawn(process.execPath, mode === undefined ? FLAGS : [...FLAGS, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece))
  await new Promise((resolve) => child.on('close', resolve))
  return JSON.parse(output) as string[]
}

it(
  'gives the same results, errors and order of callbacks, patched or viewed, outside and inside greenlets',
  {
    timeout: 120_000,
  },
  async () => {
    const modes = [undefined, 'patch', 'view', 'patch-inside', 'view-inside']
    const [native = [], patched, viewed, ...inside] = await Promise.all(modes.map(run))
    expect(native.length).toBeGreaterThan(1000)
    expect(patched).toEqual(native)
    expect(viewed).toEqual(native)
    // Inside, a promise takes a microtask more.
    native.sort()
    for (const lines of inside) expect(lines.sort()).toEqual(native)
  },
)
