// Libraries made of texts, in a folder of their own.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

// What is compiled here is of no use to others.
process.env['GREENHOUSE_CACHE'] = 'off'

/** Writes files, by their paths, to a new folder that lasts as long as the test; gives the folder. */
export function written(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'greenhouse-library-')))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
