import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, pause } from '@greenhouse/scheduler'
import { readFile, writeFile, writeFileAtomic } from '@greenhouse/io'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KINDS, outcome, waiter } from '../../util/test/flows.ts'

let folder: string
let path: string

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'greenhouse-whole-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))
beforeEach(() => {
  for (const name of fs.readdirSync(folder)) fs.rmSync(join(folder, name), { recursive: true })
  path = join(folder, 'file')
})

describe('readFile, writeFile', () => {
  for (const kind of KINDS) {
    it(`read and write a whole file (${kind})`, async () => {
      await waiter(kind, () => writeFile(path, 'höst')).join()
      expect(await waiter(kind, () => readFile(path)).join()).toEqual(Buffer.from('höst'))
      expect(await waiter(kind, () => readFile(path, { encoding: 'utf8' })).join()).toBe('höst')
      await waiter(kind, () => writeFile(path, ['a', Buffer.from('b')])).join()
      expect(fs.readFileSync(path, 'utf8')).toBe('ab')
      expect(await outcome(waiter(kind, () => readFile(`${path}-none`)))).toBe('ENOENT')
    })
  }

  it('reads a large file, and what has no size', async () => {
    const large = Buffer.alloc(3_000_001, 'abc')
    fs.writeFileSync(path, large)
    expect((await readFile(path)).equals(large)).toBe(true)
    if (process.platform === 'linux')
      expect(await readFile('/proc/self/stat', { encoding: 'latin1' })).toContain(`${process.pid} `)
  })

  it('obeys its limits', async () => {
    fs.writeFileSync(path, 'abc')
    await expect(readFile(path, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
    await expect(readFile(path, { signal: AbortSignal.abort('no') })).rejects.toBe('no')
    expect(() => readFile(path, { timeoutMs: -1 })).toThrow(RangeError)
  })
})

describe('writeFileAtomic', () => {
  for (const kind of KINDS) {
    it(`makes and replaces a file, keeping its permissions (${kind})`, async () => {
      await waiter(kind, () => writeFileAtomic(path, 'one')).join()
      expect(fs.statSync(path).mode & 0o777).toBe(0o666 & ~process.umask())
      fs.chmodSync(path, 0o751)
      const { ino } = fs.statSync(path)
      await waiter(kind, () => writeFileAtomic(path, ['t', 'wo'])).join()
      expect(fs.readFileSync(path, 'utf8')).toBe('two')
      expect(fs.statSync(path).mode & 0o777).toBe(0o751)
      expect(fs.statSync(path).ino).not.toBe(ino)
      await waiter(kind, () => writeFileAtomic(path, 'x', { permissions: 0o600 })).join()
      expect(fs.statSync(path).mode & 0o777).toBe(0o600)
      expect(fs.readdirSync(folder)).toEqual(['file'])
    })

    it(`cut short at any moment, leaves the old file or the new, and nothing else (${kind})`, async () => {
      for (let turns = 0; turns < 24; turns++) {
        fs.writeFileSync(path, 'old')
        const data = Buffer.alloc(100_000, 'n')
        const victim = waiter(kind, () => writeFileAtomic(path, data))
        for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
        await pause()
        end(victim)
        await outcome(victim)
        expect(fs.readdirSync(folder)).toEqual(['file'])
        expect(['old', data.toString()]).toContain(fs.readFileSync(path, 'utf8'))
      }
    })
  }

  it('follows a link', async () => {
    fs.writeFileSync(path, 'old')
    fs.symlinkSync('file', `${path}-link`)
    await writeFileAtomic(`${path}-link`, 'new')
    expect(fs.readFileSync(path, 'utf8')).toBe('new')
    expect(fs.lstatSync(`${path}-link`).isSymbolicLink()).toBe(true)
  })

  it('fails as Node does, leaving nothing', async () => {
    await expect(writeFileAtomic(join(folder, 'none/file'), '')).rejects.toMatchObject({
      code: 'ENOENT',
    })
    fs.mkdirSync(path)
    await expect(writeFileAtomic(path, 'x')).rejects.toMatchObject({ code: 'EISDIR' })
    expect(fs.readdirSync(folder)).toEqual(['file'])
    await expect(writeFileAtomic(path, 'x', { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'GH_TIMEOUT',
    })
    expect(() => writeFileAtomic(5 as never, 'x')).toThrow(TypeError)
  })
})
