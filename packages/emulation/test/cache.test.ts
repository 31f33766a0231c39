import { spawn } from 'node:child_process'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compilerStamp, DiskCache, userCache } from '../src/cache.ts'

describe('the disk cache', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'greenhouse-cache-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const entries = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name))

  it('makes a thing once', () => {
    let made = 0
    const get = (...key: string[]) => new DiskCache(folder).get(key, () => ({ made: ++made }))
    expect([get('a', 'b'), get('a', 'b'), get('ab'), get('a', 'b', '')]).toEqual([
      { made: 1 },
      { made: 1 },
      { made: 2 },
      { made: 3 },
    ])
  })

  it('makes a damaged thing anew, and one that was cut off', () => {
    const cache = new DiskCache(folder)
    cache.get(['key'], () => ({ text: 'right' }))
    const [path] = entries()
    const whole = readFileSync(path!, 'utf8')
    for (const damaged of [whole.replace('right', 'wrong'), whole.slice(0, -3), '']) {
      writeFileSync(path!, damaged)
      expect(cache.get(['key'], () => ({ text: 'anew' }))).toEqual({ text: 'anew' })
      expect(cache.get(['key'], () => ({ text: 'again' }))).toEqual({ text: 'anew' })
    }
  })

  it('lets the oldest go when it is full', () => {
    const cache = new DiskCache(folder, 5000)
    const text = 'x'.repeat(1000)
    for (let i = 0; i < 4; i++) cache.get([`key ${i}`], () => text)
    for (const [i, key] of ['key 0', 'key 2', 'key 3', 'key 1'].entries()) {
      utimesSync(cache.pathOf([key]), 1000 + i, 1000 + i)
    }
    const next = new DiskCache(folder, 4000)
    next.get(['key 4'], () => text)
    const alive = [0, 1, 2, 3, 4].filter((i) => entries().includes(cache.pathOf([`key ${i}`])))
    expect(alive).toEqual([1, 4])
    expect(entries().reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(4000)
  })

  it('works without a disk', () => {
    const cache = new DiskCache('/dev/null/nowhere')
    expect(cache.get(['key'], () => 'made')).toBe('made')
  })

  it('is whole for many processes at once', async () => {
    const script = `
      const { DiskCache } = await import(${JSON.stringify(new URL('../src/cache.ts', import.meta.url).href)})
      const cache = new DiskCache(${JSON.stringify(folder)})
      for (let i = 0; i < 100; i++) {
        const text = cache.get(['key ' + i], () => 'value '.repeat(1000) + i)
        if (text !== 'value '.repeat(1000) + i) process.exit(1)
      }`
    const children = [1, 2, 3].map(() =>
      spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    )
    const codes = await Promise.all(
      children.map((child) => new Promise((resolve) => child.on('close', resolve))),
    )
    expect(codes).toEqual([0, 0, 0])
    expect(entries()).toHaveLength(100)
  })

  it('stands where the environment says, or nowhere', () => {
    const before = process.env['GREENHOUSE_CACHE']
    process.env['GREENHOUSE_CACHE'] = folder
    expect(userCache()?.folder).toBe(folder)
    process.env['GREENHOUSE_CACHE'] = 'off'
    expect(userCache()).toBe(null)
    if (before === undefined) delete process.env['GREENHOUSE_CACHE']
    else process.env['GREENHOUSE_CACHE'] = before
  })

  it('is keyed by the compiler too', () => {
    expect(compilerStamp()).toContain('index.ts')
  })
})
