// The packages that greenhouse is compared with. They are not part of the workspaces, so that an install of the repo need not
// fetch them: the first run of the benchmarks installs them here.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm } from '../../scripts/run.mjs'

const folder = join(import.meta.dirname, '..')
const stamp = join(folder, 'node_modules/.lock-installed')

/** Installs what the lockfile says unless that is there already. Throws when it cannot be done. */
export function installRivals() {
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  console.error('Installing the packages to compare with (once)…')
  const { command, prefix } = npm()
  const args = ['ci', '--workspaces=false', '--no-audit', '--no-fund', '--no-progress']
  const done = spawnSync(command, [...prefix, ...args], { cwd: folder, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`npm ci failed in bench/: ${done.stderr || done.error}`)
  writeFileSync(stamp, lock)
}

/** `effect 4.1.0, effection 4.1.1, …` */
export function rivalVersions() {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.entries(dependencies)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
}
