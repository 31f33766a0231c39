// Makes a checkout ready: installs dependencies when the lockfile or a manifest changed, then builds
// (turbo skips what is up to date). Uses only Node built-ins, since it runs before any install.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm, root } from './run.mjs'
import { release, withLock } from './setup-lock.mjs'

const STAMP = join(root, 'node_modules/.greenhouse-setup')
const LOCK = join(root, '.setup-lock')

/** Installs and builds whatever is missing. Exits the process with npm's or turbo's code on failure. */
export async function setup() {
  const lockedOut = () => console.error('Waiting for another set-up in this folder…')
  await withLock(LOCK, installAndBuild, lockedOut)
}

function installAndBuild() {
  const fingerprint = fingerprintOfInstall()
  if (readIfThere(STAMP) !== fingerprint) {
    step('Installing dependencies (once)…', [
      'ci',
      '--include=dev',
      '--no-audit',
      '--no-fund',
      '--no-progress',
    ])
    writeFileSync(STAMP, fingerprint)
  }
  const built = packageFolders().every((dir) => existsSync(join(dir, 'dist')))
  step(built ? '' : 'Building the packages…', [
    'exec',
    '--',
    'turbo',
    'run',
    'build',
    '--output-logs=errors-only',
  ])
}

/** What decides whether an install is still good: lockfile, manifests, Node's major, the platform. */
function fingerprintOfInstall() {
  const hash = createHash('sha256')
  hash.update(`${process.versions.modules} ${process.platform} ${process.arch}\n`)
  const manifests = readdirSync(join(root, 'packages')).map((name) =>
    join(root, 'packages', name, 'package.json'),
  )
  for (const file of [join(root, 'package-lock.json'), join(root, 'package.json'), ...manifests]) {
    hash.update(readIfThere(file))
  }
  return hash.digest('hex')
}

function packageFolders() {
  return readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name))
    .filter((dir) => existsSync(join(dir, 'tsup.config.ts')))
}

/** Runs npm quietly; its output is shown only when it fails. */
function step(title, args) {
  if (title !== '') console.error(title)
  const { command, prefix } = npm()
  const done = spawnSync(command, [...prefix, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: {
      ...process.env,
      TURBO_TELEMETRY_DISABLED: '1',
      TURBO_NO_UPDATE_NOTIFIER: '1',
      DO_NOT_TRACK: '1',
    },
  })
  if (done.status === 0) return
  console.error(done.error?.message ?? `${done.stdout}${done.stderr}`)
  console.error(`Set-up failed: npm ${args.join(' ')}`)
  release(LOCK)
  process.exit(done.status ?? 1)
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

if (process.argv[1] === import.meta.filename) await setup()
