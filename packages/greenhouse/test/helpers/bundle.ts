// The command as one plain module, from its sources: run by node alone, where the loader that runs sources would be in the way.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll } from 'vitest'

/** What was made, in a folder that lasts as long as the tests of the file. */
export interface Bundled {
  readonly command: string
  readonly register: string
}

let made: Promise<Bundled> | null = null
let remove = (): void => {}
afterAll(() => remove())

/** Made when it is first asked for. */
export function bundled(): Promise<Bundled> {
  return (made ??= bundle())
}

async function bundle(): Promise<Bundled> {
  const outdir = mkdtempSync(join(tmpdir(), 'greenhouse-command-'))
  remove = () => rmSync(outdir, { recursive: true, force: true })
  const source = (name: string): string =>
    fileURLToPath(new URL(`../../src/${name}.ts`, import.meta.url))
  await build({
    entryPoints: [source('cli'), source('register')],
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    outdir,
    outExtension: { '.js': '.mjs' },
    conditions: ['@greenhouse/source'],
    banner: {
      js: "const require = process.getBuiltinModule('module').createRequire(import.meta.url);",
    },
  })
  return {
    command: join(outdir, 'cli.mjs'),
    register: join(outdir, 'register.mjs'),
  }
}
