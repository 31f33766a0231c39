import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseOptions } from './cli.ts'
import { run } from './run.ts'
import { stages } from './stages/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'parallel-urls-'))
let server: Server
let origin: string

beforeAll(async () => {
  server = createServer((request, response) => {
    response.writeHead(request.url === '/missing' ? 404 : 200).end('A page.')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

function fileOf(name: string, content: string): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

async function runWith(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const result = { code: 0, out: '', err: '' }
  result.code = await run(
    args,
    { write: (chunk) => (result.out += chunk) },
    { write: (chunk) => (result.err += chunk) },
  )
  return result
}

describe('command line', () => {
  it('stands for the tour when it is empty', () => {
    expect(parseOptions([])).toEqual({
      help: false,
      urls: [],
      concurrency: 50,
      timeoutMs: 10_000,
      pages: 300,
      withFailures: false,
    })
  })

  it('takes URLs, a file of URLs, and limits', () => {
    const file = fileOf('some.txt', '# some pages\nhttp://c/\r\n\n  http://d/\n')
    const args = ['http://a/', '--concurrency', '3', 'http://b/', '--timeout=70', '--file', file]
    expect(parseOptions(args)).toMatchObject({
      urls: ['http://a/', 'http://b/', 'http://c/', 'http://d/'],
      concurrency: 3,
      timeoutMs: 70,
    })
  })

  const ofAtLeast1 = 'to be an integer of at least 1, got'
  it.each([
    ['no concurrency', ['--concurrency', '0'], `Expected \`--concurrency\` ${ofAtLeast1} \`0\``],
    ['an empty number', ['--concurrency', ''], `Expected \`--concurrency\` ${ofAtLeast1} \`\``],
    ['a word for a time', ['--timeout', 'soon'], `Expected \`--timeout\` ${ofAtLeast1} \`soon\``],
    ['half a page', ['--pages', '1.5'], `Expected \`--pages\` ${ofAtLeast1} \`1.5\``],
    ['an unknown option', ['--fast'], "Unknown option '--fast'"],
    ['a missing file', ['--file', join(folder, 'none.txt')], 'Cannot read the URLs: ENOENT'],
    ['a file without a URL', ['--file', fileOf('empty.txt', '# none\n')], 'There is no URL in'],
    ['pages of a named URL', ['--pages', '5', 'http://a/'], 'belong to the tour'],
    ['failures beside a named URL', ['--with-failures', 'http://a/'], 'belong to the tour'],
  ])('refuses %s with words and exit code 2', async (_, args, message) => {
    const { code, out, err } = await runWith(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
    expect(err).toContain('npm start -- URL')
  })

  it('explains itself with --help', async () => {
    const { code, out, err } = await runWith('--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('--concurrency N')
  })
})

describe('grabbing named URLs', () => {
  it('prints a row for each, in their order, and exits with 0', async () => {
    const { code, out } = await runWith(`${origin}/1`, `${origin}/2`)
    expect(code).toBe(0)
    expect(out).toMatch(/^200 +7 B +\d+ ms +a3e9598afcbb +\S+\/1\n200 .*\/2\n/)
    expect(out).toContain('2 grabbed, 0 failed: 14 B in')
  })

  it('exits with 1 when one failed', async () => {
    const { code, out } = await runWith(
      `${origin}/missing`,
      '--file',
      fileOf('one.txt', `${origin}/1`),
    )
    expect(code).toBe(1)
    expect(out).toContain(`FAILED ${origin}/missing: HTTP_404 (Not Found)`)
    expect(out).toContain('1 grabbed, 1 failed')
  })

  it.each([
    ['/1', 0],
    ['/missing', 1],
  ])('as a process of its own, ends for %s with exit code %d', async (path, code) => {
    const args = ['--conditions=@greenhouse/source', '--import', 'tsx', 'main.ts', origin + path]
    const child = spawn(process.execPath, args, { cwd: import.meta.dirname })
    const closed = once(child, 'close')
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
    expect(await closed).toEqual([code, null])
    expect(err).toBe('')
    expect(out).toContain(path)
    expect(out).not.toContain('\u001b')
  })
})

describe('the tour', () => {
  it('exits with 0 when every page came', async () => {
    const { code, out } = await runWith('--pages', '3')
    expect(code).toBe(0)
    expect(out).toContain('all 18 digests are right')
  })

  it('exits with 1 when rows failed, and lists them', async () => {
    const { code, out } = await runWith('--pages', '3', '--with-failures', '--timeout', '700')
    expect(code).toBe(1)
    expect(out).toContain('24 of 42 failed')
    const codes = ['ECONNREFUSED', 'GH_TIMEOUT', 'HTTP_404']
    const listed = [...out.matchAll(/^(\d .+): FAILED \S+: (\S+) \(/gm)].map(([, ...row]) => row)
    expect(listed).toEqual(
      stages.flatMap(({ name, get }) =>
        [...codes, get === undefined ? 'UND_ERR_SOCKET' : 'GH_EOF'].map((error) => [name, error]),
      ),
    )
  })
})
