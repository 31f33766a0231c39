import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { written } from './helpers/command.ts'

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

function doctor(folder: string, ...args: string[]): string {
  const flags = ['--conditions=@greenhouse/source', '--import', import.meta.resolve('tsx'), cli]
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, 'doctor', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, TSX_DISABLE_CACHE: '1', NODE_OPTIONS: '' },
  })
  expect(stderr).toBe('')
  return stdout
}

describe('greenhouse doctor', { timeout: 60_000 }, () => {
  it('names what patch() would not reach, with file and line', () => {
    const folder = written({
      'package.json': '{}',
      'app.js': "require('./lib')\nrequire('net').connect(1)",
      'lib.js': "\nconst { readFile } = require('fs/promises')",
    })
    const lines = doctor(folder, 'app.js').split('\n')
    expect(lines[0]).toMatch(/app\.js:2:1 socket: /)
    expect(lines[1]).toMatch(/lib\.js:2:7 captured: keeps readFile of fs\/promises/)
    expect(lines[2]).toBe('2 files read, 2 findings')
    const json = JSON.parse(doctor(folder, 'app.js', '--patched-first', '--json')) as object
    expect(json).toMatchObject({ files: 2, findings: [{ kind: 'socket' }], unread: [] })
  })
})
