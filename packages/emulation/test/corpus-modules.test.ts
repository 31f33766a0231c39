// Third-party libraries that are ES modules, by `patched`: what they give and throw green is what they give and throw natively.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { patched } from '../src/index.ts'
import { setExact } from '../src/rt/install.ts'
import * as libraries from './helpers/corpus.ts'
import { corpus, seen, suspensions } from './helpers/corpus.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Library = any
type Scenario = (lib: Library, folder: string) => Promise<unknown>

const thrown = async (fn: () => unknown): Promise<unknown> => {
  try {
    return await fn()
  } catch (error) {
    const { name, code, message } = error as NodeJS.ErrnoException
    return ['thrown', name, code, message]
  }
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  execa9: async ({ execaSync }) => [
    (await execaSync('echo', ['hi'])).stdout,
    (await execaSync('cat', { input: 'abc' })).stdout,
    (await execaSync('sh', ['-c', 'exit 2'], { reject: false })).exitCode,
    await thrown(() => execaSync('sh', ['-c', 'echo bad >&2; exit 5'])),
    await thrown(() => execaSync('no-such-command')),
  ],
  'find-up7': async ({ findUpSync, pathExistsSync }, folder) => [
    await findUpSync('p.ini', { cwd: `${folder}/a/b/c` }),
    await findUpSync(['nope', 'x.txt'], { cwd: `${folder}/a/b` }),
    await pathExistsSync(`${folder}/nope`),
  ],
  globby14: async ({ globbySync }, folder) => [
    ((await globbySync('**/*', { cwd: folder })) as string[]).sort(),
    ((await globbySync(['a', '!**/*.js'], { cwd: folder })) as string[]).sort(),
  ],
  'lowdb7/node': async ({ JSONFileSyncPreset }, folder) => {
    // In tests it would keep all in memory.
    delete process.env['NODE_ENV']
    const db = await JSONFileSyncPreset(`${folder}/db.json`, { posts: [] })
    db.data.posts.push(1)
    await db.write()
    await db.read()
    return db.data
  },
  'load-json-file': async ({ loadJsonFileSync }, folder) => [
    await loadJsonFileSync(`${folder}/a/b/c/z.json`),
    await thrown(() => loadJsonFileSync(`${folder}/bad.json`)),
  ],
  'write-json-file': async ({ writeJsonFileSync }, folder) => {
    await writeJsonFileSync(`${folder}/new/w.json`, { b: 1, a: [2] }, { sortKeys: true })
    return thrown(() => writeJsonFileSync('/dev/null/x', {}))
  },
  'path-exists': async ({ pathExistsSync }, folder) => [
    await pathExistsSync(`${folder}/a`),
    await pathExistsSync(`${folder}/nope`),
  ],
}

describe.skipIf(libraries.isMissing)(
  libraries.titled('unmodified ES modules'),
  { timeout: 60_000 },
  () => {
    const { seed } = libraries.nativeCorpus<{ readonly seed: (folder: string) => void }>()
    const folder = libraries.newFolders(1)[0]!
    let before: boolean
    beforeAll(() => {
      libraries.useCorpusCache()
      before = setExact(true)
    })
    afterAll(() => setExact(before))

    it.each(Object.entries(SCENARIOS))(
      '%s: green equals native, and suspends',
      async (name, run) => {
        const path = createRequire(corpus).resolve(name)
        const native: Library = await import(pathToFileURL(path).href)
        seed(folder)
        const expected = seen(await thrown(() => run(native, folder)), folder)
        const lib = await patched<Library>(name, { from: corpus, concurrent: true })
        seed(folder)
        const start = suspensions()
        expect(seen(await thrown(() => run(lib, folder)), folder)).toBe(expected)
        expect(suspensions()).toBeGreaterThan(start)
      },
    )
  },
)
