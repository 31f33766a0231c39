// Programs and libraries of others: found, or the test is skipped; where GREENHOUSE_SERVICES=required, it fails.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { it } from 'vitest'

const required = createRequire(join(import.meta.dirname, '../../../corpus/peers/package.json'))

/** Why a program cannot be used, or null. */
export function lacksProgram(name: string, debian: string = name): string | null {
  return spawnSync(name, ['-h']).error === undefined
    ? null
    : `${name} is not there (Debian: apt-get install ${debian})`
}

/** Why a library cannot be used, or null. */
export function lacksLibrary(name: string): string | null {
  try {
    required.resolve(name)
    return null
  } catch {
    return `${name} is not there (node scripts/corpus.mjs peers)`
  }
}

/** A library of the corpus. */
export function library<T>(name: string): T {
  return required(name) as T
}

/** A test that needs something of others. */
export function itNeeds(lack: string | null, name: string, fn: () => Promise<void>): void {
  it(name, async (context) => {
    if (lack !== null && process.env['GREENHOUSE_SERVICES'] === 'required') throw new Error(lack)
    if (lack !== null) return context.skip(lack)
    await fn()
  })
}
