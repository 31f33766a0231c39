// Compiled modules on disk, keyed by all that decides what comes out. An entry is written beside its place and moved there, so
// that other processes see it whole or not at all; one that is damaged is made anew.
//
//   first line: SHA-256 of the rest; rest: JSON
import { createHash, randomBytes } from 'node:crypto'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What the folder may hold before the oldest entries go. */
const LIMIT_BYTES = 256 * 1024 * 1024
/** An entry that is used is young again; noted once a day. */
const DAY_MS = 24 * 60 * 60 * 1000

/** A folder of things that were made, by key. */
export class DiskCache {
  readonly folder: string
  readonly limitBytes: number
  /** Whether this process has looked at the size. */
  pruned = false

  constructor(folder: string, limitBytes: number = LIMIT_BYTES) {
    this.folder = folder
    this.limitBytes = limitBytes
  }

  /** What `make` makes, or made earlier. An error of the disk is no error: then it is made. */
  get<T>(parts: readonly string[], make: () => T): T {
    const path = this.pathOf(parts)
    const found = read(path)
    if (found !== undefined) return found.value as T
    const value = make()
    this.write(path, JSON.stringify(value))
    return value
  }

  /** @internal */
  pathOf(parts: readonly string[]): string {
    const hash = createHash('sha256')
    for (const part of parts) hash.update(`${part.length}:`).update(part)
    const key = hash.digest('hex')
    return join(this.folder, key.slice(0, 2), key.slice(2))
  }

  /** @internal */
  write(path: string, text: string): void {
    const beside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileSync(beside, `${digestOf(text)}\n${text}`, { mode: 0o600 })
      renameSync(beside, path)
      if (!this.pruned) this.prune()
    } catch {
      try {
        rmSync(beside, { force: true })
      } catch {
        // There is no such folder, or no right to it.
      }
    }
  }

  /** Lets the entries go that were not used for longest, until there is room. */
  prune(): void {
    this.pruned = true
    const entries = readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath ?? entry.path, entry.name)
        const { size, mtimeMs } = statSync(path)
        return { path, size, mtimeMs }
      })
      .sort((a, b) => a.mtimeMs - b.mtimeMs)
    let bytes = entries.reduce((sum, { size }) => sum + size, 0)
    if (bytes <= this.limitBytes) return
    for (const { path, size } of entries) {
      if (bytes <= this.limitBytes * 0.8) break
      rmSync(path, { force: true })
      bytes -= size
    }
  }
}

/** The cache of this user: `GREENHOUSE_CACHE` names its folder, or turns it off. */
export function userCache(): DiskCache | null {
  const { GREENHOUSE_CACHE: named, XDG_CACHE_HOME: caches } = process.env
  if (named === 'off' || named === '0') return null
  if (named !== undefined && named !== '') return new DiskCache(named)
  const home = caches || (homedir() === '' ? tmpdir() : join(homedir(), '.cache'))
  return new DiskCache(join(home, 'greenhouse'))
}

/**
 * Changes with every change of the code that compiles: the files that it stands in, or the one into which it was bundled. Null
 * where that is no file, as in an executable: then nothing is kept.
 */
export function compilerStamp(): string | null {
  if (stamp === undefined) {
    try {
      stamp = stampOf(filesOfCompiler(fileURLToPath(import.meta.url)))
    } catch {
      stamp = null
    }
  }
  return stamp
}

function filesOfCompiler(here: string): string[] {
  const isSource = basename(here) === 'cache.ts'
  if (!isSource && basename(dirname(here)) !== 'dist') return [here]
  const folder = isSource ? join(dirname(here), 'compile') : dirname(here)
  return readdirSync(folder).map((name) => join(folder, name))
}

function stampOf(files: string[]): string {
  const lines = files.map((file) => {
    const { size, mtimeMs } = statSync(file)
    return `${basename(file)} ${size} ${mtimeMs}`
  })
  return lines.sort().join('\n')
}

let stamp: string | null | undefined

function read(path: string): { value: unknown } | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    const end = text.indexOf('\n')
    const body = text.slice(end + 1)
    if (digestOf(body) !== text.slice(0, end)) return undefined
    const { mtimeMs } = statSync(path)
    const now = Date.now()
    if (now - mtimeMs > DAY_MS) utimesSync(path, now / 1000, now / 1000)
    return { value: JSON.parse(body) }
  } catch {
    return undefined
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
