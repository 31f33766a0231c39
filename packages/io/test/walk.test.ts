import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { end, pause, schedule } from '@greenhouse/scheduler'
import { walk, type WalkEntry } from '@greenhouse/io'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KINDS, outcome, settled, waiter } from '../../util/test/flows.ts'

let root: string
const NAMES = ['a', 'a/b', 'a/b/deep.txt', 'a/z.txt', 'link', 'm.txt', 'o']

beforeAll(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'greenhouse-walk-'))
  fs.mkdirSync(join(root, 'a/b'), { recursive: true })
  fs.mkdirSync(join(root, 'o'))
  for (const name of ['a/b/deep.txt', 'a/z.txt', 'm.txt']) fs.writeFileSync(join(root, name), '')
  fs.symlinkSync('a', join(root, 'link'))
})
afterAll(() => fs.rmSync(root, { recursive: true }))

const short = (entries: WalkEntry[]): string[] =>
  entries.map(({ path }) => path.slice(root.length + 1))

describe('walk', () => {
  it('gives everything once, each directory before what is in it (async)', async () => {
    const entries: WalkEntry[] = []
    for await (const entry of walk(root)) entries.push(entry)
    expect(short(entries)).toEqual(NAMES)
    expect(entries.map(({ kind }) => kind[0]).join('')).toBe('ddfflfd')
    expect(entries.map(({ depth }) => depth)).toEqual([0, 1, 2, 1, 0, 0, 0])
    expect(entries[2]!.name).toBe('deep.txt')
  })

  it('gives the same by next (generator)', async () => {
    const tree = walk(pathToFileURL(root))
    const greenlet = schedule(function* () {
      const entries: WalkEntry[] = []
      for (let step; !(step = yield* tree.next()).done;) entries.push(step.value)
      return entries
    })
    expect(short(await greenlet.join())).toEqual(NAMES)
    expect(await tree.next()).toEqual({ done: true, value: undefined })
  })

  it('skips what it is told to, goes no deeper than it may', async () => {
    const entries: WalkEntry[] = []
    const tree = walk(root)
    for await (const entry of tree) {
      entries.push(entry)
      if (entry.name === 'b') tree.skip()
    }
    expect(short(entries)).toEqual(NAMES.filter((name) => name !== 'a/b/deep.txt'))
    const shallow: WalkEntry[] = []
    for await (const entry of walk(root, { maxDepth: 0 })) shallow.push(entry)
    expect(short(shallow)).toEqual(['a', 'link', 'm.txt', 'o'])
  })

  it('follows links on request, into each directory once', async () => {
    fs.symlinkSync('../..', join(root, 'a/b/loop'))
    fs.symlinkSync('nowhere', join(root, 'broken'))
    const entries: WalkEntry[] = []
    for await (const entry of walk(root, { followLinks: true })) entries.push(entry)
    fs.unlinkSync(join(root, 'a/b/loop'))
    fs.unlinkSync(join(root, 'broken'))
    expect(short(entries)).toEqual([
      'a',
      'a/b',
      'a/b/deep.txt',
      'a/b/loop',
      'a/z.txt',
      'broken',
      'link',
      'm.txt',
      'o',
    ])
    expect(entries.find(({ name }) => name === 'link')!.kind).toBe('directory')
    expect(entries.find(({ name }) => name === 'broken')!.kind).toBe('link')
  })

  it('throws the error of a directory that cannot be read, then goes on; or skips it', async () => {
    await expect(walk(join(root, 'none')).next()).rejects.toMatchObject({ code: 'ENOENT' })
    const tree = walk(root)
    await tree.next()
    fs.renameSync(join(root, 'a'), join(root, 'moved'))
    try {
      await expect(tree.next()).rejects.toMatchObject({ code: 'ENOENT', path: join(root, 'a') })
      expect((await tree.next()).value!.name).toBe('link')
    } finally {
      fs.renameSync(join(root, 'moved'), join(root, 'a'))
    }
    const silent = walk(join(root, 'none'), { skipErrors: true })
    expect((await silent.next()).done).toBe(true)
  })

  for (const kind of KINDS) {
    it(`passes over nothing when a wait is cut short (${kind})`, async () => {
      const tree = walk(root)
      const victim = waiter(kind, () => tree.next())
      const next = waiter(kind, () => tree.next())
      await pause()
      end(victim)
      expect(await outcome(victim)).toBe('GH_EXIT')
      expect((await next.join()).value!.name).toBe('a')
      await expect(tree.next({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
      const rest: WalkEntry[] = []
      for await (const entry of tree) rest.push(entry)
      expect(short(rest)).toEqual(NAMES.slice(1))
    })
  }

  it('takes back an entry that nobody consumed', async () => {
    const tree = walk(root)
    await tree.next()
    const careless = schedule(function* () {
      void tree.next()
      void tree.next()
      yield* pause()
    })
    await careless.join()
    await settled()
    const rest: WalkEntry[] = []
    for await (const entry of tree) rest.push(entry)
    expect(short(rest)).toEqual(NAMES.slice(1))
  })

  it('refuses what makes no sense', () => {
    expect(() => walk(5 as never)).toThrow(TypeError)
    expect(() => walk('.', { maxDepth: -1 })).toThrow(RangeError)
  })
})
