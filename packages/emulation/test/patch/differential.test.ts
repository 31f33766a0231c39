// A patched process behaves as an unpatched one, and so does a view.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('differential-program.mjs', import.meta.url))
const FLAGS = ['--no-warnings', '--conditions=@greenhouse/source', '--import', 'tsx', program]

async function run(mode?: string): Promise<string[]> {
  const child = spawn(process.execPath, mode === undefined ? FLAGS : [...FLAGS, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TSX_DISABLE_CACHE: '1', NODE_OPTIONS: '' },
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
    const native = await run()
    expect(native.length).toBeGreaterThan(1000)
    expect(await run('patch')).toEqual(native)
    expect(await run('view')).toEqual(native)
    // Inside, a promise takes a microtask more.
    native.sort()
    expect((await run('patch-inside')).sort()).toEqual(native)
    expect((await run('view-inside')).sort()).toEqual(native)
  },
)
