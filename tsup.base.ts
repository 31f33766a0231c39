// The one build of every package: each `exports` subpath as ESM and CJS with typings.
// Entries come from the `@greenhouse/source` conditions of the package's own package.json.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineConfig, type Options } from 'tsup'
import { kernelCell } from './scripts/kernel-cell.ts'

const IMPORT_META_SHIM = resolve('../../scripts/import-meta-url.cjs.js')

interface Manifest {
  exports: Record<string, string | { '@greenhouse/source': string }>
}

/** Reads `{ './testing': './src/testing.ts' }` out of the package in the working directory. */
function sourceEntries(): Record<string, string> {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
  const entries: Record<string, string> = {}
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    if (typeof target !== 'string') entries[subpath] = target['@greenhouse/source']
  }
  return entries
}

interface PackageOptions {
  /** Generates kernel-cell entries. */
  readonly shareKernel?: boolean
  /** Source files of commands, which are no subpaths. */
  readonly commands?: readonly string[]
}

/** Builds the package in the working directory. */
export function definePackage({
  shareKernel = false,
  commands = [],
}: PackageOptions = {}): ReturnType<typeof defineConfig> {
  const entries = sourceEntries()
  const entry = Object.fromEntries(
    [...Object.values(entries), ...commands].map((file) => [
      file.replace(/^\.\/src\/|\.ts$/g, ''),
      file,
    ]),
  )
  const options: Options = {
    entry,
    format: ['esm', 'cjs'],
    platform: 'node',
    target: 'es2022',
    // Left to tsup's default, ESM entries share a chunk and CJS ones do not: tsup splits CJS by
    // a source transform that rewrites class fields.
    clean: true,
    silent: true,
    removeNodeProtocol: false,
    esbuildOptions: (esbuild, { format }) => {
      if (format !== 'cjs') return
      esbuild.inject = [IMPORT_META_SHIM]
      esbuild.define = { ...esbuild.define, 'import.meta.url': 'importMetaUrl' }
    },
    esbuildPlugins: shareKernel ? [kernelCell(entries)] : [],
    dts: {
      entry,
      compilerOptions: {
        // tsup passes `baseUrl`, which TypeScript 6 reports as deprecated.
        ignoreDeprecations: '6.0',
        stripInternal: true,
        // A package sees the typings of the ones below as they ship, without @internal members.
        customConditions: [],
      },
    },
  }
  return defineConfig(options)
}
