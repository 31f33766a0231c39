// The third-party libraries that `node scripts/corpus.mjs blocking` installs.
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { afterAll } from 'vitest'
import { emulationReport } from '../../src/report.ts'

/** What the libraries are looked for from. */
export const corpus: string = fileURLToPath(
  new URL('../../../../corpus/blocking/scenarios.cjs', import.meta.url),
)
const modules = join(dirname(corpus), 'node_modules')
const isThere = existsSync(join(modules, 'execa9'))

/** Whether the tests are left out, and what they are called. */
export const isMissing: boolean = !isThere && process.env['GREENHOUSE_SERVICES'] !== 'required'
export const titled = (title: string): string =>
  isThere ? title : `${title} (\`node scripts/corpus.mjs blocking\` installs them)`

/** Keeps what is compiled. */
export function useCorpusCache(): void {
  process.env['GREENHOUSE_CACHE'] = join(modules, '.greenhouse-cache')
}

/** The scenarios, and `seed`, which fills a folder for one. */
export function nativeCorpus<T>(): T {
  return createRequire(import.meta.url)(corpus) as T
}

/** Names of folders that `seed` makes; they last as long as the tests of a file. */
export function newFolders(count: number): string[] {
  const folders = Array.from({ length: count }, () =>
    join(realpathSync(mkdtempSync(join(tmpdir(), 'greenhouse-corpus-'))), 'd'),
  )
  afterAll(() => {
    for (const folder of folders) rmSync(dirname(folder), { recursive: true, force: true })
  })
  return folders
}

export function suspensions(): number {
  return Object.values(emulationReport().suspended).reduce((sum, count) => sum + count, 0)
}

/** A value as a text that can be compared: without the folder, and numbers that differ from run to run. */
export function seen(value: unknown, folder: string): string {
  const shown =
    value instanceof Error
      ? ['thrown', value.name, (value as NodeJS.ErrnoException).code, value.message]
      : value
  return inspect(shown, { depth: 9, sorted: true, maxArrayLength: 500, breakLength: 120 })
    .replaceAll(folder, '<folder>')
    .replace(/\(node:\d+\)|pid: \d+|\.\d{9,}/g, '#')
}
