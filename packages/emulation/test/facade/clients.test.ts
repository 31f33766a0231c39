// Unmodified libraries by `patched`: what they wait for is aborted at a time-out, and the process is as it was.
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withTimeout } from '@greenhouse/scheduler'
import { patched } from '@greenhouse/emulation'
import { errorOf } from '../patch/support.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any

const folder = (name: string): string =>
  fileURLToPath(new URL(`../../../../corpus/${name}/`, import.meta.url))
const isThere = ['clients', 'blocking'].every((name) => existsSync(`${folder(name)}node_modules`))
const isRequired = process.env['GREENHOUSE_SERVICES'] === 'required'

const CLIENTS: readonly [name: string, corpus: string, ask: (lib: Any, url: string) => unknown][] =
  [
    ['axios', 'clients', (axios, url) => axios.get(url)],
    ['superagent', 'clients', (superagent, url) => superagent.get(url)],
    ['needle', 'blocking', (needle, url) => needle('get', url)],
  ]

// It takes connections, and answers nothing.
const server = createServer((socket) => sockets.add(socket.on('error', () => {}).resume()))
const sockets = new Set<Socket>()
let url: string

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})

// Missing: `node scripts/corpus.mjs clients blocking` installs them.
describe.skipIf(!isRequired && !isThere)('the copy of a library', () => {
  it.each(CLIENTS)('E11: has its request aborted: %s', async (name, corpus, ask) => {
    const http = { ...process.getBuiltinModule('http') }
    const lib = await patched<Any>(name, { from: folder(corpus), concurrent: true })
    const error = await errorOf(withTimeout(100, async () => ask(lib, url)))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT', cause: { code: 'ABORT_ERR' } })
    expect({ ...process.getBuiltinModule('http') }).toEqual(http)
    await expect.poll(() => [...sockets].filter(({ destroyed }) => !destroyed)).toEqual([])
    // A request of the process itself is nobody's.
    const own = request(url).on('error', () => {})
    const answer = new Promise((resolve) => own.end().on('response', resolve))
    await errorOf(withTimeout(5, () => answer))
    expect(own.destroyed).toBe(false)
    own.destroy()
  })

  it('E12, E14: has its children killed: execa', async () => {
    const execa = await patched<Any>('execa', { from: folder('blocking') })
    const outcome = withTimeout(50, async () => execa('sleep', ['60']))
    const told = { code: 'ABORT_ERR', command: 'sleep 60' }
    expect(await errorOf(outcome)).toMatchObject({ code: 'GH_TIMEOUT', cause: told })
    expect((await execa.sync('echo', ['blocks'])).stdout).toBe('blocks')
  })
})
