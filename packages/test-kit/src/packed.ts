// Installs the packed tarballs of packages, as a user's project gets them.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const packages = join(import.meta.dirname, '../..')

export interface PackedProject {
  /** The project's folder; its `node_modules` holds only what the tarballs bring. */
  readonly folder: string
  /** Runs `node` with these arguments in the folder; gives its standard output, trimmed. */
  node(...args: readonly string[]): Promise<string>
  /** Deletes the folder. */
  remove(): Promise<void>
}

/**
 * Packs the packages in these folders of `packages/` (they must be built) and installs them
 * together, offline, in a temporary project. Name every package that they depend on.
 */
export async function installPacked(names: readonly string[]): Promise<PackedProject> {
  const folder = await mkdtemp(join(tmpdir(), 'greenhouse-packed-'))
  const packed = await run(
    'npm',
    [
      'pack',
      '--json',
      '--ignore-scripts',
      '--pack-destination',
      folder,
      ...names.map((name) => join(packages, name)),
    ],
    { cwd: folder },
  )
  const tarballs = Object.values(
    JSON.parse(packed.stdout) as Record<string, { name: string; filename: string }>,
  )
  const dependencies = Object.fromEntries(
    tarballs.map(({ name, filename }) => [name, `file:${filename}`]),
  )
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }))
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: folder,
  })
  return {
    folder,
    node: async (...args) => (await run(process.execPath, args, { cwd: folder })).stdout.trim(),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
