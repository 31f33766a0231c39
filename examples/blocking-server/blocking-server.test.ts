import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'

const command = fileURLToPath(new URL('../../packages/greenhouse/src/cli.ts', import.meta.url))
const server = fileURLToPath(new URL('server.cjs', import.meta.url))
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

it('answers others while one handler waits in execSync', { timeout: 60_000 }, async () => {
  const child = spawn(
    process.execPath,
    ['--import', tsx, '--conditions=@greenhouse/source', command, 'run', server, '0'],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, GREENHOUSE_CACHE: 'off' } },
  )
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const { value: url } = (await lines.next()) as { value: string }
  const order: string[] = []
  const get = async (path: string, note = ''): Promise<string> => {
    const response = await fetch(url + path, { headers: { 'x-note': note } })
    const text = await response.text()
    order.push(path)
    return `${response.status} ${text}`
  }

  const reports = [1, 2, 3, 4].map(() => get('/report'))
  const others = await Promise.all([get('/page'), get('/zip'), get('/error'), get('/nothing')])
  expect(order.slice(0, 4).sort()).toEqual(['/error', '/nothing', '/page', '/zip'])
  expect(others.map((text) => text.slice(0, 10))).toEqual([
    '200 // A s',
    '200 H4sIAA',
    '500 ENOENT',
    '404 no suc',
  ])
  expect(await Promise.all(reports)).toEqual(reports.map(() => '200 a report\n'))
  expect(await get('/note', 'hello')).toBe('200 hello')

  child.kill('SIGTERM')
  expect((await lines.next()).value).toBe('closed')
  expect(await once(child, 'close')).toEqual([0, null])
})
