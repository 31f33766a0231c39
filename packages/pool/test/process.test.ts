import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'

// Beside the sources, where packages resolve.
const folder = mkdtempSync(join(import.meta.dirname, 'process-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function run(name: string, program: string): Promise<string> {
  const file = join(folder, `${name}.mjs`)
  writeFileSync(file, program)
  const args = ['--conditions=@greenhouse/source', '--import', 'tsx', file]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args)
  return stdout + stderr
}

it('a pool that is left open lets the process end', async () => {
  const out = await run(
    'open',
    `import { Pool } from '@greenhouse/pool'
    const pool = new Pool(async (n) => n * 2).start()
    console.log(await pool.run(21))`,
  )
  expect(out).toBe('42\n')
})

it('the process does not end while jobs sleep for whom somebody waits', async () => {
  const out = await run(
    'sleeping',
    `import { map, OneWayPool, Pool } from '@greenhouse/pool'
    import { pauseFor } from '@greenhouse/scheduler'
    const slow = async (n) => { await pauseFor(5); return n }
    const pool = new Pool(slow).start()
    await pool.put(1)
    console.log(await pool.get(), await pool.run(2), await map(slow, [3]).toArray())
    await pool.close()
    const oneWay = new OneWayPool(async (n) => { console.log(await slow(n)) }).start()
    void oneWay.put(4)`,
  )
  expect(out).toBe('1 2 [ 3 ]\n4\n')
})
