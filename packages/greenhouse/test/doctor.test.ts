import { describe, expect, it } from 'vitest'
import { bundled } from './helpers/bundle.ts'
import { ranNode, written } from './helpers/command.ts'

async function doctor(folder: string, ...args: string[]): Promise<string> {
  const { command } = await bundled()
  const { stdout, stderr } = await ranNode(folder, [command, 'doctor', ...args])
  expect(stderr).toBe('')
  return stdout
}

describe('greenhouse doctor', { timeout: 60_000 }, () => {
  it('names what patch() would not reach, with file and line', async () => {
    const folder = written({
      'package.json': '{}',
      'app.js': "require('./lib')\nrequire('net').connect(1)",
      'lib.js': "\nconst { readFile } = require('fs/promises')",
    })
    const lines = (await doctor(folder, 'app.js')).split('\n')
    expect(lines[0]).toMatch(/app\.js:2:1 socket: /)
    expect(lines[1]).toMatch(/lib\.js:2:7 captured: keeps readFile of fs\/promises/)
    expect(lines[2]).toBe('2 files read, 2 findings')
    const json = JSON.parse(await doctor(folder, 'app.js', '--patched-first', '--json')) as object
    expect(json).toMatchObject({ files: 2, findings: [{ kind: 'socket' }], unread: [] })
  })
})
