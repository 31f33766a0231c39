// An esbuild plugin that makes every copy of a package in one process share its first copy.
// Each entry becomes a generated module: it hands the whole public surface of this copy to
// `adopt` (src/cell.ts) and re-exports whatever surface the cell holds. The names come from the
// source entries themselves; typings are built from the sources and do not pass through here.
import { resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'

const NAMESPACE = 'kernel-cell'

/** `entries` maps subpaths to source files: `{ '.': './src/index.ts' }`. */
export function kernelCell(entries: Record<string, string>): Plugin {
  const files = Object.entries(entries).map(([subpath, file]) => ({ subpath, file: resolve(file) }))
  return {
    name: NAMESPACE,
    setup(builder) {
      builder.onResolve({ filter: /\.ts$/ }, ({ kind, path, resolveDir }) => {
        if (kind !== 'entry-point') return undefined
        return { path: resolve(resolveDir, path), namespace: NAMESPACE }
      })
      builder.onLoad({ filter: /.*/, namespace: NAMESPACE }, async ({ path }) => {
        const subpath = files.find(({ file }) => file === path)?.subpath
        if (subpath === undefined) throw new Error(`${path} is no entry of the package`)
        const names = await valueExports(path)
        return { contents: cellEntry(subpath, files, names), resolveDir: resolve('src') }
      })
    },
  }
}

/** The names that a module exports as values, as esbuild sees them after type stripping. */
async function valueExports(file: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  })
  return Object.values(metafile.outputs).flatMap((output) => output.exports)
}

function cellEntry(
  subpath: string,
  files: readonly { subpath: string; file: string }[],
  names: readonly string[],
): string {
  const imports = files.map(({ file }, i) => `import * as $${i} from ${JSON.stringify(file)}`)
  const own = files.map((entry, i) => `${JSON.stringify(entry.subpath)}: $${i}`)
  return [
    ...imports,
    `import { adopt as $adopt } from './cell.ts'`,
    `const $shared = $adopt(${JSON.stringify(subpath)}, { ${own.join(', ')} })`,
    ...names.map((name) => `export const ${name} = $shared.${name}`),
  ].join('\n')
}
