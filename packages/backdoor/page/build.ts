// Bundles the page into a few texts: by the build into the package, and in the repository when a dashboard starts.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The page as it is served. */
export interface PageBundle {
  readonly page: string
  readonly login: string
  readonly icon: string
  readonly script: string
  readonly style: string
}

/** Bundles the page. @param folder - Where its sources are. */
export async function buildPage(folder: string = ownFolder()): Promise<PageBundle> {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: { app: 'main.tsx' },
    outdir: 'out',
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'inline',
    logLevel: 'silent',
  })
  const output = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))!.text
  const source = (file: string) => readFile(`${folder}/${file}`, 'utf8')
  return {
    page: await source('index.html'),
    login: await source('login.html'),
    icon: await source('icon.svg'),
    script: output('.js'),
    style: output('.css'),
  }
}

function ownFolder(): string {
  return fileURLToPath(new URL('.', import.meta.url))
}
