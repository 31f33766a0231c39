// Makes a checkout ready: installs dependencies when the lockfile or a manifest changed, then builds
// (turbo skips what is up to date). Uses only Node built-ins, since it runs before any install.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { npm, root } from './run.mjs'

const STAMP = join(root, 'node_modules/.greenhouse-setup')
const LOCK = join(root, '.setup-lock')

/** Installs and builds whatever is missing. Exits the process with npm's or turbo's code on failure. */
export async function setup() {
  await withLock(() => {
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
  })
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
  rmSync(LOCK, { recursive: true, force: true })
  process.exit(done.status ?? 1)
}

/** One set-up at a time; a lock whose process is gone is taken over. */
async function withLock(body) {
  let waited = false
  while (!takeLock()) {
    if (!waited) console.error('Waiting for another set-up in this folder…')
    waited = true
    await sleep(300)
  }
  try {
    body()
  } finally {
    rmSync(LOCK, { recursive: true, force: true })
  }
}

function takeLock() {
  const pidFile = join(LOCK, 'pid')
  try {
    mkdirSync(LOCK)
    writeFileSync(pidFile, String(process.pid))
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    const pid = Number(readIfThere(pidFile))
    if (pid > 0 && !isAlive(pid)) rmSync(LOCK, { recursive: true, force: true })
    return false
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

if (process.argv[1] === import.meta.filename) await setup()
