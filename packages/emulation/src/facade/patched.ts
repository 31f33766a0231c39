// patched: a library that was written to block, as one that blocks only the greenlet which calls it.
import { readFileSync, statSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import {
  checkOptions,
  ensureContexts,
  outsideScopes,
  wrongType,
  wrongValue,
} from '@greenhouse/scheduler/kernel'
import { importGreen } from '../load/esm.ts'
import { Graph } from '../load/graph.ts'
import type { Patterns } from '../load/choice.ts'
import { prepare } from '../prepare.ts'
import { isConcurrent } from './concurrent.ts'
import { Facade } from './expose.ts'
import { Gate } from './gate.ts'
import type { Green } from './green.ts'

/** How a library is loaded. */
export interface PatchedOptions {
  /** The file or folder from which the library is looked for; the folder of the main script by default. */
  readonly from?: string | URL
  /** What is compiled, by names of packages or patterns for paths; everything by default. */
  readonly include?: Patterns
  /** What is not compiled: it is the process's own copy, and really blocks. */
  readonly exclude?: Patterns
  /** Whether several greenlets may be inside at once; by default only where the library is known to bear it. */
  readonly concurrent?: boolean
}

/**
 * Loads a private copy of a library, and of all that it loads, in which blocking calls (`fs.readFileSync`, `execSync`,
 * `gunzipSync`, `Atomics.wait`, …) block only the calling greenlet. The process's own copy stays as it is.
 *
 * Every exported function gives a `Blocking`, for `await` and `yield*`. Instances of the library's own classes are wrapped in
 * the same way; other objects pass as they are. Ended or timed out, a call is thrown the end where it waits, and what it waited
 * for is aborted. A constructor cannot be suspended: what it waits for really blocks, and is counted.
 *
 * What the copy begins without waiting for it in that way (requests, timers that promise, children, `fetch`) belongs to the scope
 * that began it, as under `patch()`. For everybody else Node's modules stay as they were.
 *
 * One greenlet at a time is inside the library, in order of arrival, unless `concurrent` is true or the library is known to
 * bear more (`fs-extra`, `glob`, `execa`, …): synchronous code does not expect that others run while it waits.
 *
 * @param specifier - The library, as `require` or `import` name it.
 * @param options - `from`, `include`, `exclude`, `concurrent`.
 * @returns what the library exports.
 * @throws {GH_INVALID_ARGUMENT}; what loading the library throws; calls throw {GH_DEADLOCK} when two libraries wait for each
 *   other.
 * @example
 * ```ts no-run
 * import { patched } from '@greenhouse/emulation'
 *
 * const glob = await patched<typeof import('glob')>('glob')
 * console.log(await glob.globSync('*.md'))
 * ```
 */
export async function patched<T = Record<string, unknown>>(
  specifier: string,
  options: PatchedOptions = {},
): Promise<Green<T>> {
  if (typeof specifier !== 'string') wrongType('specifier', 'the name of a module', specifier)
  checkOptions('options', options)
  if (Module.isBuiltin(specifier))
    wrongValue('specifier', 'a library: green code suspends in those of Node by itself', specifier)
  const { from, include, exclude, concurrent } = options
  const base = baseOf(from)
  prepare()
  ensureContexts()
  const graph = new Graph({ include, exclude })
  const file = requirable(specifier, base)
  // What its modules begin while they load is for all callers to come.
  const exports =
    file === null
      ? await outsideScopes(importGreen, graph, specifier, pathToFileURL(base).href)
      : outsideScopes(() => graph.load(file, null))
  const isOpen = concurrent ?? isConcurrent(ownName(specifier, file))
  return new Facade(isOpen ? null : new Gate(specifier)).exports(exports) as Green<T>
}

/** A library's own name: it may be installed under another. */
function ownName(specifier: string, file: string | null): string {
  const manifest = file === null ? null : manifestOf(file)
  return typeof manifest?.name === 'string' ? manifest.name : specifier
}

/** A file in the folder from which modules are looked for. */
function baseOf(from: string | URL | undefined): string {
  if (from === undefined) {
    const main = process.argv[1]
    return join(main === undefined ? process.cwd() : dirname(resolve(main)), 'main.js')
  }
  const path =
    from instanceof URL || String(from).startsWith('file:') ? fileURLToPath(from) : resolve(from)
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, 'main.js') : path
}

/** The file that `require` would load; null where only `import` can. */
function requirable(specifier: string, base: string): string | null {
  let file
  try {
    file = createRequire(base).resolve(specifier)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return null
    throw error
  }
  return isModule(file) ? null : file
}

function isModule(file: string): boolean {
  const extension = extname(file)
  if (extension === '.mjs' || extension === '.mts') return true
  if (extension !== '.js' && extension !== '.ts') return false
  return manifestOf(file)?.type === 'module'
}

/** The nearest package.json above a file. */
function manifestOf(file: string): { readonly name?: unknown; readonly type?: unknown } | null {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const text = read(join(folder, 'package.json'))
    if (text !== null) return JSON.parse(text) as { name?: unknown; type?: unknown }
    if (folder === dirname(folder)) return null
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
