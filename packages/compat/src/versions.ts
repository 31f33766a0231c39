// Which version of each package is loaded.
import { createRequire } from 'node:module'

const NAMES = [
  '@greenhouse/scheduler',
  '@greenhouse/util',
  '@greenhouse/io',
  '@greenhouse/pool',
  '@greenhouse/emulation',
  '@greenhouse/backdoor',
  '@greenhouse/compat',
]

/**
 * Tells which version of each package this one uses.
 *
 * @returns versions by package name; "bundled" where a bundler has put the packages into one file.
 * @example
 * ```ts
 * import { versions } from '@greenhouse/compat'
 *
 * console.log(Object.keys(versions()).length) // => 7
 * ```
 */
export function versions(): Record<string, string> {
  const load = createRequire(import.meta.url)
  return Object.fromEntries(NAMES.map((name) => [name, versionOf(load, name)]))
}

function versionOf(load: NodeJS.Require, name: string): string {
  try {
    return (load(`${name}/package.json`) as { version: string }).version
  } catch {
    return 'bundled'
  }
}
