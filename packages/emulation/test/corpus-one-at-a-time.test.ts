// Third-party libraries that keep something between calls: many greenlets at once get of one copy, which admits one of them at
// a time, what they get natively one after another.
//
// shelljs collects the errors of the command that runs in a variable of the module: of two commands at once, one would get the
// messages of both. node-localstorage remembers what it has made for a folder: natively, too, it fails with ENOENT in one that
// was removed meanwhile, so that each run here has a folder of its own.
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { patched } from '../src/index.ts'
import { setExact } from '../src/rt/install.ts'
import * as libraries from './helpers/corpus.ts'
import { corpus, seen, suspensions } from './helpers/corpus.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any

const SCENARIOS: Readonly<Record<string, (lib: Any, folder: string) => Promise<unknown>>> = {
  shelljs: async (shell, dir) => {
    shell.config.silent = true
    await shell.mkdir('-p', `${dir}/sh`)
    await shell.cp('-R', `${dir}/a`, `${dir}/sh`)
    await shell.sed('-i', 'hello', 'bye', `${dir}/sh/a/x.txt`)
    const failed = await shell.cat(`${dir}/none`, `${dir}/nowhere`)
    return [
      Array.from(await shell.ls('-R', `${dir}/sh`)),
      (await shell.cat(`${dir}/sh/a/x.txt`)).stdout,
      [failed.code, failed.stderr],
      (await shell.grep('bye', `${dir}/sh/a/x.txt`)).stdout,
      (await shell.exec('echo out; exit 3', { silent: true })).code,
      (await shell.rm('-rf', `${dir}/sh`)).code,
    ]
  },
  'node-localstorage': async ({ LocalStorage, JSONStorage }, dir) => {
    const storage = new LocalStorage(`${dir}/ls`, 50)
    await storage.setItem('k', 'v')
    await storage.setItem('n', 5)
    const found = [await storage.getItem('k'), await storage.getItem('none'), storage.length]
    await storage.removeItem('k')
    const json = new JSONStorage(`${dir}/js`)
    await json.setItem('o', { a: 1 })
    found.push(await json.getItem('o'), await new LocalStorage(`${dir}/ls`).getItem('n'))
    found.push(readdirSync(`${dir}/ls`))
    await storage.clear()
    return found
  },
}

const MANY = 20

describe.skipIf(libraries.isMissing)(
  libraries.titled('unmodified libraries, one greenlet at a time inside'),
  { timeout: 120_000 },
  () => {
    const { seed } = libraries.nativeCorpus<{ readonly seed: (folder: string) => void }>()
    const names = Object.keys(SCENARIOS)
    const folders = libraries.newFolders(2 * MANY * names.length)
    let before: boolean
    beforeAll(() => {
      libraries.useCorpusCache()
      before = setExact(true)
    })
    afterAll(() => setExact(before))

    it.each(names)('%s: 20 greenlets at once get what they get in turn', async (name) => {
      const run = async (lib: unknown): Promise<string> => {
        const folder = folders.pop()!
        seed(folder)
        return seen(await SCENARIOS[name]!(lib, folder), folder)
      }
      const native: unknown = createRequire(corpus)(name)
      const expected: string[] = []
      for (let i = 0; i < MANY; i++) expected.push(await run(native))
      const lib = await patched<Any>(name, { from: corpus })
      const start = suspensions()
      expect(await Promise.all(Array.from({ length: MANY }, () => run(lib)))).toEqual(expected)
      expect(suspensions() - start).toBeGreaterThan(MANY)
    })
  },
)
