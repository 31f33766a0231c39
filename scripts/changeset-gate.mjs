// Fails when a package changed since the last version commit and no changeset names it.
// The last version commit is the newest one that touched a packages/*/CHANGELOG.md. Before the
// first, every package counts as changed. `changeset status` alone is content with one changeset
// for any package, so each changed package is looked up here.
// Usage: changeset-gate.mjs [ROOT]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { publishedPackages } from './packages.mjs'
import { root as here } from './run.mjs'

const root = resolve(process.argv[2] ?? here)
const changesetCli = createRequire(import.meta.url).resolve('@changesets/cli/bin.js')

if (git('rev-parse', '--is-shallow-repository') === 'true') fail('The gate needs the full history')
const since = git('log', '-1', '--format=%H', '--', 'packages/*/CHANGELOG.md')
const named = namedPackages()
const missing = changedPackages().filter((name) => !named.has(name))
if (missing.length > 0) {
  fail(`Changed, but named by no changeset: ${missing.join(', ')}\nRun: npx changeset`)
}
console.log(`Every changed package has a changeset (since ${since || 'the beginning'})`)

/** Names of the packages whose shipped files changed since the last version commit. */
function changedPackages() {
  return publishedPackages(root)
    .filter(({ dir }) => {
      if (since === '') return true
      const shipped = [join(dir, 'src'), join(dir, 'package.json')]
      return git('diff', '--name-only', since, '--', ...shipped) !== ''
    })
    .map(({ manifest }) => manifest.name)
}

/** Names of the packages that the changesets added since the last version commit release. */
function namedPackages() {
  const folder = mkdtempSync(join(tmpdir(), 'greenhouse-gate-'))
  const output = join(folder, 'status.json')
  const range = since === '' ? [] : ['--since', since]
  const status = run(process.execPath, [changesetCli, 'status', ...range, '--output', output])
  if (status.status !== 0) fail(status.stdout + status.stderr)
  const { changesets } = JSON.parse(readFileSync(output, 'utf8'))
  rmSync(folder, { recursive: true })
  return new Set(changesets.flatMap(({ releases }) => releases.map(({ name }) => name)))
}

function git(...args) {
  const { status, stdout, stderr } = run('git', args)
  return status === 0 ? stdout.trim() : fail(stderr)
}

function run(command, args) {
  return spawnSync(command, args, { cwd: root, encoding: 'utf8' })
}

function fail(message) {
  console.error(message.trim())
  process.exit(1)
}
