// The published packages: every folder of packages/ whose manifest is not private.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root as here } from './run.mjs'

/** `{ dir, manifest }` of each published package of a monorepo; `dir` is absolute. */
export function publishedPackages(root = here) {
  return readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name))
    .filter((dir) => existsSync(join(dir, 'package.json')))
    .map((dir) => ({ dir, manifest: JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) }))
    .filter(({ manifest }) => manifest.private !== true)
}
