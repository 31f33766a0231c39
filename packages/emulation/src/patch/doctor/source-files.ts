// The files of a program: its main module, and what that loads by literal names.
import { readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { extname, join } from 'node:path'
import { parse } from 'acorn'
import { requiredBy, textOf, walk, type Syntax } from './syntax.ts'

/** A file that was read. */
export interface SourceFile {
  readonly path: string
  readonly tree: Syntax
}

/** A file or name that was not. */
export interface Unread {
  readonly path: string
  readonly why: string
}

export function sourceFiles(main: string): { files: SourceFile[]; unread: Unread[] } {
  const files: SourceFile[] = []
  const unread: Unread[] = []
  const paths = new Set([main])
  for (const path of paths) {
    try {
      const tree = read(path)
      if (tree === null) continue
      files.push({ path, tree })
      for (const name of namesIn(tree)) {
        const target = resolve(name, path)
        if (target !== null) paths.add(target)
      }
    } catch (error) {
      unread.push({ path, why: (error as Error).message })
    }
  }
  return { files, unread }
}

const SCRIPTS = ['.js', '.mjs', '.cjs', '']

function read(path: string): Syntax | null {
  if (extname(path) === '.node') throw new Error('native code')
  if (extname(path) === '.json') return null
  if (!SCRIPTS.includes(extname(path))) throw new Error('no JavaScript')
  const source = readFileSync(path, 'utf8')
  const options = { ecmaVersion: 'latest', locations: true, allowHashBang: true } as const
  try {
    return parse(source, { ...options, sourceType: 'module' }) as unknown as Syntax
  } catch {
    const script = { sourceType: 'script', allowReturnOutsideFunction: true } as const
    return parse(source, { ...options, ...script }) as unknown as Syntax
  }
}

function namesIn(tree: Syntax): string[] {
  const names: string[] = []
  walk(tree, (node) => {
    const name = requiredBy(node) ?? textOf(node['source'])
    if (name !== undefined && !isBuiltin(name)) names.push(name)
  })
  return names
}

/** The file of a name; null where there is none: an optional dependency, say. */
function resolve(name: string, from: string): string | null {
  const require = createRequire(from)
  try {
    return require.resolve(name)
  } catch {
    return importable(name, require)
  }
}

/** The file of a package that can only be imported. */
function importable(name: string, require: NodeJS.Require): string | null {
  const [, bare, rest] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(name) ?? []
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const manifest = readFileSync(join(folder, bare!, 'package.json'), 'utf8')
      const { exports } = JSON.parse(manifest) as { exports?: Exports }
      const entry = fileOf(
        rest === '' && !hasSubpaths(exports) ? exports : subpath(exports, `.${rest}`),
      )
      if (entry !== null) return join(folder, bare!, entry)
    } catch {
      // Not in this folder.
    }
  }
  return null
}

type Exports = string | null | undefined | { readonly [key: string]: Exports }

function hasSubpaths(exports: Exports): boolean {
  return typeof exports === 'object' && exports !== null && '.' in exports
}

function subpath(exports: Exports, path: string): Exports {
  return typeof exports === 'object' && exports !== null ? exports[path] : undefined
}

function fileOf(entry: Exports): string | null {
  if (typeof entry === 'string') return entry
  return entry === undefined || entry === null
    ? null
    : fileOf(entry['node'] ?? entry['import'] ?? entry['default'])
}
