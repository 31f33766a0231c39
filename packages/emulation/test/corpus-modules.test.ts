// Third-party libraries that are ES modules, by `patched`: what they give and throw green is what they give and throw natively.
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emulationReport, patched } from '../src/index.ts'
import { setExact } from '../src/rt/install.ts'

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

const corpus = fileURLToPath(new URL('../../../corpus/blocking/scenarios.cjs', import.meta.url))
const modules = join(dirname(corpus), 'node_modules')
const isThere = existsSync(join(modules, 'execa9'))
const isRequired = process.env['GREENHOUSE_SERVICES'] === 'required'

describe.skipIf(!isThere && !isRequired)(
  isThere
    ? 'unmodified ES modules'
    : 'unmodified ES modules (`node scripts/corpus.mjs blocking` installs them)',
  { timeout: 60_000 },
  () => {
    const { seed } = createRequire(import.meta.url)(corpus) as {
      seed: (folder: string) => void
    }
    let folder = ''
    let before: boolean
    beforeAll(() => {
      process.env['GREENHOUSE_CACHE'] = join(modules, '.greenhouse-cache')
      folder = join(realpathSync(mkdtempSync(join(tmpdir(), 'greenhouse-modules-'))), 'd')
      before = setExact(true)
    })
    afterAll(() => {
      setExact(before)
      rmSync(dirname(folder), { recursive: true, force: true })
    })

    const seen = (value: unknown): string =>
      inspect(value, { depth: 9, sorted: true, breakLength: 120 })
        .replaceAll(folder, '<folder>')
        .replace(/\.\d{9,}/g, '.#')

    it.each(Object.entries(SCENARIOS))(
      '%s: green equals native, and suspends',
      async (name, run) => {
        const path = createRequire(corpus).resolve(name)
        const native: Library = await import(pathToFileURL(path).href)
        seed(folder)
        const expected = seen(await thrown(() => run(native, folder)))
        const lib = await patched<Library>(name, { from: corpus, concurrent: true })
        seed(folder)
        const start = suspensions()
        expect(seen(await thrown(() => run(lib, folder)))).toBe(expected)
        expect(suspensions()).toBeGreaterThan(start)
      },
    )
  },
)

function suspensions(): number {
  return Object.values(emulationReport().suspended).reduce((sum, count) => sum + count, 0)
}
