// An esbuild plugin that makes every copy of a package in one process share its first copy.
// Each entry becomes a generated module: it hands the whole public surface of this copy to
// `adopt` (src/cell.ts) and re-exports whatever surface the cell holds. The names come from the
// source entries themselves; typings are built from the sources and do not pass through here.
import { build, type Plugin } from 'esbuild'

const NAMESPACE = 'kernel-cell'

/** Where a copy says it is; a bundle in CJS form has no `import.meta.url`. */
const OWN_PATH = "import.meta.url ?? 'a bundle'"

/** `entries` maps subpaths to source files: `{ '.': './src/index.ts' }`. */
export function kernelCell(entries: Readonly<Record<string, string>>): Plugin {
  return {
    name: NAMESPACE,
    setup(builder) {
      builder.onResolve({ filter: /\.ts$/ }, ({ kind, path }) =>
        kind === 'entry-point' ? { path, namespace: NAMESPACE } : undefined,
      )
      builder.onLoad({ filter: /.*/, namespace: NAMESPACE }, async ({ path }) => ({
        contents: cellEntry(path, entries, await valueExports(path)),
        resolveDir: process.cwd(),
      }))
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
  file: string,
  entries: Readonly<Record<string, string>>,
  names: readonly string[],
): string {
  const surface = Object.entries(entries)
  const subpath = surface.find((entry) => entry[1] === file)?.[0]
  if (subpath === undefined) throw new Error(`${file} is no entry of the package`)
  const own = surface.map(([path], i) => `${JSON.stringify(path)}: $${i}`)
  return [
    ...surface.map(([, path], i) => `import * as $${i} from '${path}'`),
    `import { adopt as $adopt } from './src/cell.ts'`,
    `const $shared = $adopt('${subpath}', { ${own.join(', ')} }, ${OWN_PATH})`,
    ...names.map((name) => `export const ${name} = $shared.${name}`),
  ].join('\n')
}
