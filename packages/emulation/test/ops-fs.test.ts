import fs from 'node:fs'
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { end, pause, schedule, withTimeout } from '@greenhouse/scheduler'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { primitives } from '../src/rt/ops/index.ts'
import type { Original } from '../src/rt/ops/table.ts'
import { same, seeded, type Arguments } from './helpers/differential.ts'

const make = (fn: unknown, ...args: unknown[]) => primitives.get(fn as Original)!.make(fs, args)
const method = (name: string) => Reflect.get(fs.Dir.prototype, name) as Original

describe('operations of fs', () => {
  const calls: [string, unknown, Arguments][] = [
    ['accessSync', fs.accessSync, (d) => [d]],
    ['accessSync of nothing', fs.accessSync, (d) => [d + '/no', fs.constants.R_OK]],
    ['appendFileSync', fs.appendFileSync, (d) => [d + '/a/x.txt', ' world']],
    ['appendFileSync nowhere', fs.appendFileSync, (d) => [d + '/no/x', 'x']],
    ['chmodSync', fs.chmodSync, (d) => [d + '/a/x.txt', 0o600]],
    ['chmodSync of nothing', fs.chmodSync, (d) => [d + '/no', 0o600]],
    ['chownSync of nothing', fs.chownSync, (d) => [d + '/no', 1, 1]],
    ['closeSync of nothing', fs.closeSync, () => [9999]],
    ['copyFileSync', fs.copyFileSync, (d) => [d + '/a/x.txt', d + '/copy']],
    ['copyFileSync exclusively', fs.copyFileSync, (d) => [d + '/a/x.txt', d + '/a/b/y.js', 1]],
    ['cpSync', fs.cpSync, (d) => [d + '/a', d + '/a2', { recursive: true }]],
    ['cpSync of nothing', fs.cpSync, (d) => [d + '/no', d + '/a2', { recursive: true }]],
    ['cpSync of a folder', fs.cpSync, (d) => [d + '/a', d + '/a2']],
    ['existsSync', fs.existsSync, (d) => [d + '/a']],
    ['existsSync of nothing', fs.existsSync, (d) => [d + '/no']],
    ['existsSync of nonsense', fs.existsSync, () => [{}]],
    ['fstatSync of nothing', fs.fstatSync, () => [9999]],
    ['ftruncateSync of nothing', fs.ftruncateSync, () => [9999, 1]],
    ['linkSync', fs.linkSync, (d) => [d + '/a/x.txt', d + '/hard']],
    ['linkSync onto something', fs.linkSync, (d) => [d + '/a/x.txt', d + '/a/b/y.js']],
    ['lstatSync', fs.lstatSync, (d) => [d + '/link']],
    ['mkdirSync', fs.mkdirSync, (d) => [d + '/new']],
    ['mkdirSync recursively', fs.mkdirSync, (d) => [d + '/p/q/r', { recursive: true }]],
    ['mkdirSync again', fs.mkdirSync, (d) => [d + '/a']],
    ['mkdirSync below a file', fs.mkdirSync, (d) => [d + '/a/x.txt/y', { recursive: true }]],
    ['openSync of nothing', fs.openSync, (d) => [d + '/no']],
    ['openSync with nonsense', fs.openSync, (d) => [d, 'nonsense']],
    ['opendirSync of nothing', fs.opendirSync, (d) => [d + '/no']],
    ['readdirSync', fs.readdirSync, (d) => [d]],
    ['readdirSync with types', fs.readdirSync, (d) => [d, { withFileTypes: true }]],
    ['readdirSync recursively', fs.readdirSync, (d) => [d, { recursive: true }]],
    ['readdirSync as bytes', fs.readdirSync, (d) => [d, 'buffer']],
    ['readdirSync of a file', fs.readdirSync, (d) => [d + '/a/x.txt']],
    ['readFileSync', fs.readFileSync, (d) => [d + '/a/x.txt']],
    ['readFileSync as text', fs.readFileSync, (d) => [d + '/a/x.txt', 'utf8']],
    ['readFileSync by URL', fs.readFileSync, (d) => [pathToFileURL(d + '/a/x.txt'), 'latin1']],
    ['readFileSync with a flag', fs.readFileSync, (d) => [d + '/f', { flag: 'w+' }]],
    ['readFileSync of nothing', fs.readFileSync, (d) => [d + '/no']],
    ['readFileSync of a folder', fs.readFileSync, (d) => [d]],
    ['readFileSync with nonsense', fs.readFileSync, (d) => [d, 'nonsense']],
    ['readFileSync without a path', fs.readFileSync, () => []],
    ['readFileSync of a zero', fs.readFileSync, () => ['a\0b']],
    ['readlinkSync', fs.readlinkSync, (d) => [d + '/link']],
    ['readlinkSync of a file', fs.readlinkSync, (d) => [d + '/a/x.txt']],
    ['readSync of nothing', fs.readSync, () => [9999, Buffer.alloc(4), 0, 4, 0]],
    ['readSync out of range', fs.readSync, () => [0, Buffer.alloc(4), 0, 40, 0]],
    ['realpathSync', fs.realpathSync, (d) => [d + '/link']],
    ['realpathSync of nothing', fs.realpathSync, (d) => [d + '/no/x']],
    ['realpathSync.native', fs.realpathSync.native, (d) => [d + '/link']],
    ['realpathSync.native of nothing', fs.realpathSync.native, (d) => [d + '/no']],
    ['renameSync', fs.renameSync, (d) => [d + '/a', d + '/z']],
    ['renameSync of nothing', fs.renameSync, (d) => [d + '/no', d + '/z']],
    ['rmSync', fs.rmSync, (d) => [d + '/a', { recursive: true }]],
    ['rmSync of nothing', fs.rmSync, (d) => [d + '/no']],
    ['rmSync of a folder', fs.rmSync, (d) => [d + '/a']],
    ['rmSync by force', fs.rmSync, (d) => [d + '/no', { force: true }]],
    ['rmdirSync', fs.rmdirSync, (d) => [d + '/a/b/c']],
    ['rmdirSync of a full folder', fs.rmdirSync, (d) => [d + '/a']],
    ['statSync', fs.statSync, (d) => [d + '/link']],
    ['statSync in big integers', fs.statSync, (d) => [d + '/link', { bigint: true }]],
    ['statSync of nothing', fs.statSync, (d) => [d + '/no']],
    ['statSync, lenient', fs.statSync, (d) => [d + '/no', { throwIfNoEntry: false }]],
    ['lstatSync below a file', fs.lstatSync, (d) => [d + '/a/x.txt/y', { throwIfNoEntry: false }]],
    ['statfsSync', fs.statfsSync, (d) => [d]],
    ['symlinkSync', fs.symlinkSync, (d) => ['a', d + '/soft']],
    ['symlinkSync onto something', fs.symlinkSync, (d) => ['a', d + '/link']],
    ['truncateSync', fs.truncateSync, (d) => [d + '/a/x.txt', 2]],
    ['truncateSync of nothing', fs.truncateSync, (d) => [d + '/no', 2]],
    ['unlinkSync', fs.unlinkSync, (d) => [d + '/a/x.txt']],
    ['unlinkSync of a folder', fs.unlinkSync, (d) => [d + '/a']],
    ['utimesSync', fs.utimesSync, (d) => [d + '/a/x.txt', 1, 2]],
    ['writeFileSync', fs.writeFileSync, (d) => [d + '/w', 'text', { mode: 0o600, flag: 'wx' }]],
    ['writeFileSync onto something', fs.writeFileSync, (d) => [d + '/a/x.txt', '', { flag: 'wx' }]],
    ['writeFileSync of nonsense', fs.writeFileSync, (d) => [d + '/w', {}]],
    ['writeSync to nothing', fs.writeSync, () => [9999, 'text']],
  ]

  it.each(calls)('%s gives what the original gives', async (_title, fn, args) => {
    await same(fn, args)
  })

  it('covers every function of fs that has both forms', () => {
    const missing = Object.keys(fs).filter((name) => {
      const { [name]: sync, [name.slice(0, -4)]: sister } = fs as unknown as Record<string, unknown>
      const both = name.endsWith('Sync') && typeof sister === 'function'
      return both && !primitives.has(sync as Original)
    })
    expect(missing).toEqual([])
  })

  it('makes a temporary folder, and leaves the same tree as the original', async () => {
    const folder = seeded()
    const made = await make(fs.mkdtempSync, join(folder, 't-')).start()
    expect(fs.statSync(made as string).isDirectory()).toBe(true)
    await make(fs.cpSync, folder + '/a', folder + '/copy', { recursive: true }).start()
    expect(fs.readdirSync(folder + '/copy', { recursive: true })).toEqual(
      fs.readdirSync(folder + '/a', { recursive: true }),
    )
    await make(fs.rmSync, folder, { recursive: true }).start()
    expect(fs.existsSync(folder)).toBe(false)
  })

  it('reads and writes a file by its descriptor, in every form of the arguments', async () => {
    const folder = seeded()
    const fd = (await make(fs.openSync, folder + '/a/x.txt', 'r+').start()) as number
    const bytes = Buffer.alloc(8, '.')
    const read = (...args: unknown[]) => make(fs.readSync, fd, bytes, ...args).start()
    expect(await read(2, 3, 1)).toBe(3)
    expect(bytes.toString()).toBe('..ell...')
    expect(await read({ offset: 5, length: 2, position: 3 })).toBe(2)
    expect(bytes.toString()).toBe('..elllo.')
    expect(await read()).toBe(5)
    expect(await read(0, 2, null)).toBe(0)
    expect(await make(fs.writeSync, fd, 'HELLO', 0).start()).toBe(5)
    expect(await make(fs.writeSync, fd, Buffer.from('abc'), 1, 2, 3).start()).toBe(2)
    expect(await make(fs.writevSync, fd, [Buffer.from('x'), Buffer.from('y')], 0).start()).toBe(2)
    const parts = [Buffer.alloc(2), Buffer.alloc(4)]
    expect(await make(fs.readvSync, fd, parts, 0).start()).toBe(5)
    expect(parts.map(String)).toEqual(['xy', 'Lbc\0'])
    await make(fs.fsyncSync, fd).start()
    await make(fs.closeSync, fd).start()
    expect(() => fs.fstatSync(fd)).toThrow(/EBADF/)
    fs.rmSync(folder, { recursive: true })
  })

  it('reads a folder by its handle', async () => {
    const folder = seeded()
    const dir = (await make(fs.opendirSync, folder).start()) as fs.Dir
    const read = primitives.get(method('readSync'))!
    const names = []
    for (;;) {
      const item = (await read.make(dir, []).start()) as fs.Dirent | null
      if (item === null) break
      names.push(item.name)
    }
    await primitives.get(method('closeSync'))!.make(dir, []).start()
    expect(names.sort()).toEqual(['a', 'link'])
    expect(() => dir.readSync()).toThrow(/closed/)
    fs.rmSync(folder, { recursive: true })
  })
})

describe('operations on FIFOs', () => {
  let folder = ''
  const fifo = (name: string): string => {
    execFileSync('mkfifo', [join(folder, name)])
    return join(folder, name)
  }
  beforeEach(() => {
    folder = seeded()
  })
  afterEach(() => fs.rmSync(folder, { recursive: true }))

  it('wait for their writers without holding the thread pool', async () => {
    const paths = Array.from({ length: 20 }, (_, i) => fifo(`f${i}`))
    const reads = paths.map((path) =>
      schedule(async () => make(fs.readFileSync, path, 'utf8').start()),
    )
    // With a thread of libuv's pool for each, nothing could be read here.
    expect(await make(fs.readFileSync, folder + '/a/x.txt', 'utf8').start()).toBe('hello')
    const script = paths.map((path, i) => `echo ${i} > ${path} &`).join('\n')
    spawn('sh', ['-c', `${script}\nwait`], { stdio: 'ignore' })
    const texts = []
    for (const read of reads) texts.push(await read.join())
    expect(texts).toEqual(paths.map((_, i) => `${i}\n`))
  })

  it('open for reading when a writer is there, and read piece by piece', async () => {
    const path = fifo('f')
    const opened = schedule(async () => make(fs.openSync, path, 'r').start())
    const child = spawn('sh', ['-c', `exec > ${path}; read go; echo one; read go; echo two`], {
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    const fd = (await opened.join()) as number
    const bytes = Buffer.alloc(3)
    const read = async () => {
      const count = (await make(fs.readSync, fd, bytes, 0, 3, null).start()) as number
      return bytes.toString('utf8', 0, count)
    }
    child.stdin.write('go\n')
    expect([await read(), await read()]).toEqual(['one', '\n'])
    child.stdin.write('go\n')
    expect([await read(), await read(), await read()]).toEqual(['two', '\n', ''])
    await make(fs.closeSync, fd).start()
    expect(() => fs.fstatSync(fd)).toThrow(/EBADF/)
  })

  it('write when a reader is there', async () => {
    const path = fifo('f')
    const written = schedule(async () => make(fs.writeFileSync, path, 'to the reader').start())
    const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    reader.stdout.on('data', (chunk) => (text += chunk))
    const read = new Promise((resolve) => reader.on('close', resolve))
    await written.join()
    await read
    expect(text).toBe('to the reader')
  })

  it('are left by an ended greenlet, and by one whose time is up', async () => {
    const path = fifo('f')
    const before = fs.readdirSync('/proc/self/fd').length
    await expect(withTimeout(20, async () => make(fs.openSync, path).start())).rejects.toThrow(
      /timed out/,
    )
    await expect(withTimeout(20, async () => make(fs.openSync, path, 'w').start())).rejects.toThrow(
      /timed out/,
    )
    const reader = schedule(async () => make(fs.readFileSync, path).start())
    await pause()
    end(reader)
    await expect(reader.join()).rejects.toThrow('ended')
    await new Promise((resolve) => setImmediate(resolve))
    expect(fs.readdirSync('/proc/self/fd').length).toBe(before)
  })
})
