// Installs the third-party libraries that tests run against: `node scripts/corpus.mjs [NAME …]`, all by default.
// They are no workspaces: nothing of theirs may reach the packages' own dependencies.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm, root } from './run.mjs'

/** Installs one corpus, when its lockfile or Node's major has changed since. */
export function installCorpus(name) {
  const folder = join(root, 'corpus', name)
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8')
  const fingerprint = createHash('sha256')
    .update(`${process.versions.modules}\n${lock}`)
    .digest('hex')
  const stamp = join(folder, 'node_modules/.greenhouse-corpus')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return
  const { command, prefix } = npm()
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress']
  const done = spawnSync(command, [...prefix, ...args], { cwd: folder, stdio: 'inherit' })
  if (done.status !== 0) throw new Error(`npm ci failed in corpus/${name}`)
  writeFileSync(stamp, fingerprint)
}

if (process.argv[1] === import.meta.filename) {
  const names = process.argv.slice(2)
  const all = readdirSync(join(root, 'corpus')).filter((name) =>
    existsSync(join(root, 'corpus', name, 'package-lock.json')),
  )
  for (const name of names.length > 0 ? names : all) installCorpus(name)
}
