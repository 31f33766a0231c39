// What of a program the patches would not reach.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diagnose, formatDiagnosis } from '@greenhouse/emulation'
import './support.ts'

let folder: string
const write = (name: string, source: string): string => {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, source)
  return path
}
/** The findings in a file, as "line kind". */
const found = (name: string, source: string, patchedFirst = false): string[] =>
  diagnose(write(name, source), { patchedFirst }).findings.map(
    ({ line, kind }) => `${line} ${kind}`,
  )

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenhouse-doctor-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('diagnose', () => {
  it('names what a file takes out of its modules as it loads, with its place', () => {
    const source = `
const { readFile, constants } = require('node:fs/promises')
const fs = require('fs')
const { stat: look } = fs.promises
const sleep = require('timers/promises').setTimeout
const read = require('util').promisify(fs.readFile)
const get = fetch
const { once } = require('events')
`
    expect(found('captured.cjs', source)).toEqual(
      [2, 4, 5, 6, 7, 8].map((line) => `${line} captured`),
    )
    expect(found('captured.cjs', source, true)).toEqual([])
    const { findings } = diagnose(join(folder, 'captured.cjs'))
    expect(findings[0]).toEqual({
      kind: 'captured',
      file: join(folder, 'captured.cjs'),
      line: 2,
      column: 7,
      message:
        'keeps readFile of fs/promises as it is when this file loads: patch() must come before',
    })
  })

  it('does not complain of what is reached', () => {
    const module = `
import { readFile } from 'node:fs/promises'
import fs from 'node:fs'
import { connect } from './other.mjs'
export const load = async () => {
  const { stat } = fs.promises
  await stat('x')
  connect()
  return readFile('y')
}`
    write('other.mjs', 'export function connect() {}')
    expect(found('live.mjs', module)).toEqual([])
    const script = `
const { request } = require('http')
const { exec } = require('child_process')
const fs = require('fs')
module.exports = () => fs.promises.readFile('x')
fetch = fetch`
    expect(found('script.cjs', script)).toEqual([])
  })

  it('names sockets of one’s own, once a file', () => {
    expect(found('a.mjs', "import { connect } from 'node:net'\nconnect(1)\nconnect(2)")).toEqual([
      '2 socket',
    ])
    expect(
      found('b.cjs', "const tls = require('tls')\nmodule.exports = () => tls.connect(1)"),
    ).toEqual(['2 socket'])
    expect(found('c.cjs', "const net = require('net')\nnew net.Socket()")).toEqual(['2 socket'])
    expect(found('d.cjs', "require('net').createServer()")).toEqual([])
  })

  it('sees through what compilers make of imports', () => {
    const source = `
const net_1 = __importDefault(require("node:net"))
const fs_1 = __toESM(require("node:fs/promises"), 1)
const read = fs_1.default.readFile
module.exports = () => (0, net_1.default.connect)(1)`
    expect(found('compiled.cjs', source)).toEqual(['4 captured', '5 socket'])
  })

  it('names promises that are kept for several callers', () => {
    const source = 'let memo\nexport const get = () => (memo ??= fetch("http://x.test"))'
    expect(found('memo.mjs', source)).toEqual(['2 shared'])
    expect(found('memo2.mjs', 'let memo\nexport const get = () => (memo ??= compute())')).toEqual(
      [],
    )
  })

  it('follows imports and requires, and lists what it cannot read', () => {
    write('node_modules/dep/package.json', '{"exports":{"import":"./index.mjs"}}')
    write(
      'node_modules/dep/index.mjs',
      "import './more.cjs'\nimport './native.node'\nimport './types.ts'\nimport './bad.js'\nimport './data.json' with { type: 'json' }",
    )
    write('node_modules/dep/more.cjs', "const { readFile } = require('fs/promises')")
    write('node_modules/dep/native.node', '')
    write('node_modules/dep/types.ts', '')
    write('node_modules/dep/bad.js', 'let let = 1 +')
    write('node_modules/dep/data.json', '{}')
    const main = write('main.mjs', "await import('dep')\nexport * from 'absent'")
    const diagnosis = diagnose(main)
    expect(diagnosis.findings).toMatchObject([{ kind: 'captured', line: 1 }])
    expect(diagnosis.unread.map(({ path }) => path.split('/').pop())).toEqual([
      'native.node',
      'types.ts',
      'bad.js',
    ])
    expect(diagnosis.files).toBe(3)
    const lines = formatDiagnosis(diagnosis).split('\n')
    expect(lines[0]).toMatch(/more\.cjs:1:7 captured: keeps readFile of fs\/promises/)
    expect(lines[1]).toMatch(/native\.node not read: native code/)
    expect(lines.at(-1)).toBe('3 files read, 1 findings')
  })

  it('refuses what is no file', () => {
    expect(() => diagnose(5 as never)).toThrow(
      expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }),
    )
    expect(diagnose(join(folder, 'absent.js'))).toMatchObject({
      files: 0,
      unread: [{ why: expect.stringContaining('ENOENT') }],
    })
  })

  const corpus = fileURLToPath(new URL('../../../../corpus/clients/', import.meta.url))
  it.skipIf(!existsSync(join(corpus, 'node_modules/express')))(
    'finds in real libraries what is not reached there',
    () => {
      const kinds = (name: string): Set<string> =>
        new Set(diagnose(join(corpus, 'node_modules', name)).findings.map(({ kind }) => kind))
      const main = (name: string, file: string): string => join(name, file)
      expect(kinds(main('nodemailer', 'dist/cjs/nodemailer.js'))).toContain('socket')
      expect(kinds(main('ws', 'index.js'))).toContain('socket')
      expect(kinds(main('pg', 'lib/index.js'))).toEqual(new Set(['adapter']))
      expect(kinds(main('express', 'index.js'))).toEqual(new Set())
    },
  )
})
