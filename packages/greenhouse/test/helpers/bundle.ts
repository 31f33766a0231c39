// The command as one plain module, from its sources: run by node alone, where the loader that runs sources would be in the way.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** What was made, in a folder of its own. */
export interface Bundled {
  readonly command: string
  readonly register: string
  remove(): void
}

export async function bundled(): Promise<Bundled> {
  const outdir = mkdtempSync(join(tmpdir(), 'greenhouse-command-'))
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
    remove: () => rmSync(outdir, { recursive: true, force: true }),
  }
}
