import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failingUrls } from './failures.ts'
import { grabWithin, type Get, type Grab } from './grab.ts'
import { digestOf, makePages, pageBody, type PagesOptions } from './pages.ts'
import { stages } from './stages/index.ts'
import { startServer, type RunningServer } from './start-server.ts'
import { screenOn } from './screen.ts'
import { tour } from './tour.ts'
import { verify } from './verify.ts'

const pages: PagesOptions = {
  count: 24,
  seed: 7,
  minBytes: 1,
  maxBytes: 200_000,
  minDelayMs: 0,
  maxDelayMs: 20,
}
const grab = grabWithin(10_000)
// Patient with every page that will come, whatever else the machine is doing.
const impatient =
  (get?: Get): Grab =>
  (url) =>
    grabWithin(url.endsWith('/silent') ? 100 : 10_000, get)(url)

let server: RunningServer
let urls: string[]
let digests: Map<string, string>
let failing: string[]

beforeAll(async () => {
  server = await startServer(pages)
  digests = new Map(
    makePages(pages).map((page) => [server.origin + page.path, digestOf(pageBody(page))]),
  )
  urls = [...digests.keys()]
  failing = await failingUrls(server.origin)
})
afterAll(() => server.close())

describe.each(stages)('stage $name', ({ run, name, ordered, get }) => {
  const grab = grabWithin(10_000, get)

  it('grabs every page whole', async () => {
    const rows = await run(urls, grab, 5)
    expect(new Map(rows.map((row) => [row.url, row.ok && row.digest]))).toEqual(digests)
    expect(rows).toHaveLength(urls.length)
    if (ordered) expect(rows.map((row) => row.url)).toEqual(urls)
  })

  it('grabs in parallel, as many at once as it was told', async () => {
    let now = 0
    let most = 0
    const counting: Grab = async (url) => {
      most = Math.max(most, ++now)
      const row = await grab(url)
      now--
      return row
    }
    await run(urls, counting, 5)
    expect(most).toBe(name.includes('schedule') ? urls.length : 5)
  })

  it('gives failed rows for what fails, and the others all the same', async () => {
    const all = [...failing.slice(0, 2), ...urls.slice(0, 8), ...failing.slice(2)]
    const rows = verify(all, await run(all, impatient(get), 5), digests)
    const codes = new Map(rows.map((row) => [row.url, row.ok ? row.status : row.code]))
    const cut = get === undefined ? 'UND_ERR_SOCKET' : 'GH_EOF'
    expect(failing.map((url) => codes.get(url))).toEqual([
      'ECONNREFUSED',
      'GH_TIMEOUT',
      'HTTP_404',
      cut,
    ])
    expect(urls.slice(0, 8).map((url) => codes.get(url))).toEqual(Array(8).fill(200))
  })

  it('is done at once when there is no URL', async () => {
    expect(await run([], grab, 5)).toEqual([])
  })
})

describe('grab', () => {
  it('says what went wrong', async () => {
    const rows = await Promise.all([...failing, 'no url'].map(impatient()))
    expect(rows.map((row) => (row.ok ? '' : row.message.replace(/\d{5}/, 'PORT')))).toEqual([
      'connect ECONNREFUSED 127.0.0.1:PORT',
      'No whole answer within 100 ms',
      'Not Found',
      'other side closed',
      'Invalid URL',
    ])
  })

  it('times out while the body is on its way', async () => {
    const stalling = createServer((_, response) => response.write('a beginning')).listen(
      0,
      '127.0.0.1',
    )
    await once(stalling, 'listening')
    const { port } = stalling.address() as AddressInfo
    const row = await grabWithin(100)(`http://127.0.0.1:${port}/`)
    stalling.closeAllConnections()
    stalling.close()
    expect(row).toMatchObject({ ok: false, code: 'GH_TIMEOUT' })
  })
})

describe('verify', () => {
  const row = { ok: true, status: 200, bytes: 1, ms: 1 } as const

  it('fails a page with another digest, and a URL without a row', () => {
    const rows = verify(['a', 'b'], [{ ...row, url: 'a', digest: '2' }], new Map([['a', '1']]))
    expect(rows.map((each) => !each.ok && each.code)).toEqual(['DIGEST_MISMATCH', 'ROW_MISSING'])
  })

  it('does not accept two rows for one URL', () => {
    const twice = { ...row, url: 'a', digest: '1' }
    expect(() => verify(['a'], [twice, twice], new Map())).toThrow('several rows')
  })
})

describe('tour', () => {
  it('reports each stage, and no failure when every page came', async () => {
    let printed = ''
    const screen = screenOn({ write: (chunk) => (printed += chunk) })
    const options = { pages, concurrency: 5, timeoutMs: 10_000, withFailures: false }
    expect(await tour(options, screen)).toBe(0)
    const reported = printed.matchAll(/^(\d .*?) +24 +395\.7 kB +\S+ m?s +\d+\.\dx$/gm)
    expect([...reported].map(([, name]) => name)).toEqual(stages.map(({ name }) => name))
    expect(printed).toContain('one at a time, estimated from 24 pages')
    expect(printed).toContain('all 144 digests are right')
  })
})

describe('server', () => {
  it('dies with its parent', async () => {
    const program = `
      import { startServer } from './start-server.ts'
      console.log((await startServer(${JSON.stringify(pages)})).origin)
      process.kill(process.pid, 'SIGKILL')`
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
    const parent = spawn(process.execPath, args, { cwd: import.meta.dirname })
    // The output ends when the last process that holds it, the server, is gone.
    const origin = (await text(parent.stdout)).trim()
    expect(await grab(origin)).toMatchObject({ ok: false, code: 'ECONNREFUSED' })
  })
})
