// Walking through a tree of directories.
import type { Dirent, Stats } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import {
  checkCount,
  checkOptions,
  complete,
  refuse,
  wrongType,
  type Operation,
} from '@greenhouse/scheduler/kernel'
import { Line, type Request } from './core/buffered-line.ts'
import { readdir, stat } from './core/fd-calls.ts'

/** Something that a walk came by. */
export interface WalkEntry {
  /** Where it is: the directory of the walk and the way from there. */
  readonly path: string
  /** Its own name. */
  readonly name: string
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  /** 0 for what lies in the directory of the walk itself. */
  readonly depth: number
}

/** How a tree is walked. */
export interface WalkOptions {
  /** How deep to go: an integer of at least 0; Infinity by default, 0 stays in the directory itself. */
  readonly maxDepth?: number | undefined
  /** Goes where symbolic links lead, into each directory once; false by default. */
  readonly followLinks?: boolean | undefined
  /** Passes over directories that cannot be read, instead of throwing; false by default. */
  readonly skipErrors?: boolean | undefined
}

/**
 * Walks through a directory and all below it, each directory before what is in it, in the order of the names. Directories are
 * read as the walk gets to them.
 *
 * @param directory - A path, or a `file:` URL.
 * @param options - `maxDepth`, `followLinks`, `skipErrors`.
 * @returns the walk: for `for await`, or by `next` in a generator greenlet.
 * @throws {GH_INVALID_ARGUMENT} for a bad argument.
 * @example
 * ```ts
 * import { walk } from '@greenhouse/io'
 *
 * const tree = walk('packages')
 * for await (const { path, name } of tree) {
 *   if (name === 'node_modules' || name === 'dist') tree.skip()
 *   if (path.endsWith('io/src/walk.ts')) console.log(name) // => walk.ts
 * }
 * ```
 */
export function walk(directory: string | URL, options?: WalkOptions): Walk {
  return new Walk(directory, options)
}

/** A walk under way. */
export class Walk {
  /** @internal */
  readonly maxDepth: number
  /** @internal */
  readonly followLinks: boolean
  /** @internal */
  readonly skipErrors: boolean
  /** @internal */
  readonly line: Line<NextEntry>
  /** @internal Listings that are not through, the innermost last; each in reverse order. */
  readonly levels: WalkEntry[][] = []
  /** @internal The directory to be read next. */
  due: { readonly path: string; readonly depth: number } | null
  /** @internal */
  readonly seen: Set<string> = new Set()
  /** @internal */
  busy = false
  /** @internal An error that nobody has heard of yet. */
  failure: unknown = null
  /** @internal Directories that came back although they have been read already. */
  readonly read: Set<WalkEntry> = new Set()

  /** @internal */
  constructor(directory: string | URL, options: WalkOptions | undefined) {
    const path = directory instanceof URL ? fileURLToPath(directory) : directory
    if (typeof path !== 'string') wrongType('directory', 'a path or a file: URL', path)
    checkOptions('options', options)
    const { maxDepth = Infinity, followLinks = false, skipErrors = false } = options ?? {}
    checkCount('options.maxDepth', maxDepth, 0)
    this.maxDepth = maxDepth
    this.followLinks = followLinks
    this.skipErrors = skipErrors
    this.line = new Line('walk.next', null, true)
    this.due = { path, depth: 0 }
  }

  /**
   * Gives the next entry as an iterator does.
   *
   * Ended, timed out or aborted meanwhile, nothing is passed over.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns `{ done: false, value: entry }`, or `{ done: true }` at the end.
   * @throws Node's own error of a directory that cannot be read, once (the walk can go on after it); {GH_TIMEOUT}; the
   *   signal's reason.
   */
  next(options?: WaitOptions): Blocking<IteratorResult<WalkEntry, undefined>> {
    const refused = refuse(options)
    if (refused !== null) return refused
    const request = new NextEntry(this)
    if (this.line.size === 0 && !this.busy && this.due === null && this.failure === null) {
      const step = this.step()
      return step.done === true ? complete(step) : this.line.complete(request, step)
    }
    const blocking = this.line.park<IteratorResult<WalkEntry, undefined>>(request, options)
    this.serve()
    return blocking
  }

  /** Does not go into the directory that was given last. */
  skip(): void {
    if (this.levels.length > 0) this.due = null
  }

  /** Gives one entry after the other; leaving the loop leaves nothing open. */
  [Symbol.asyncIterator](): AsyncIterableIterator<WalkEntry, undefined> {
    return { next: () => this.next(), [Symbol.asyncIterator]: () => this[Symbol.asyncIterator]() }
  }

  /** @internal */
  takeBack(entry: WalkEntry): void {
    if (this.due?.path === entry.path) this.due = null
    else if (entry.kind === 'directory') this.read.add(entry)
    this.levels.push([entry])
    this.serve()
  }

  /** @internal */
  serve(): void {
    while (!this.busy && this.line.first !== null) {
      if (this.failure !== null) {
        this.line.fail(this.failure)
        this.failure = null
      } else if (this.due === null) this.line.resume(this.step())
      else this.enter(this.due)
    }
  }

  /** @internal */
  step(): IteratorResult<WalkEntry, undefined> {
    const { levels } = this
    while (levels.length > 0 && levels.at(-1)!.length === 0) levels.pop()
    const value = levels.at(-1)?.pop()
    if (value === undefined) return { done: true, value }
    const { path, kind, depth } = value
    const enters = kind === 'directory' && depth < this.maxDepth && !this.read.delete(value)
    if (enters) this.due = { path, depth: depth + 1 }
    return { done: false, value }
  }

  /** @internal */
  enter(due: { readonly path: string; readonly depth: number }): void {
    this.busy = true
    if (!this.followLinks) return this.list(due.path, due.depth)
    stat(due.path, (error, stats) => {
      const key = error === null ? `${stats.dev}:${stats.ino}` : ''
      if (error === null && this.seen.has(key)) return this.entered(null, [])
      this.seen.add(key)
      this.list(due.path, due.depth)
    })
  }

  /** @internal */
  list(path: string, depth: number): void {
    readdir(path, { withFileTypes: true }, (error, found) => {
      if (error !== null) return this.entered(error, [])
      found.sort((a, b) => (a.name < b.name ? 1 : -1))
      const entries = found.map((one) => entryOf(one, path, depth))
      if (this.followLinks) this.follow(entries)
      else this.entered(null, entries)
    })
  }

  /** @internal What links lead to takes their place. */
  follow(entries: WalkEntry[]): void {
    let missing = 1
    const arrived = (): void => {
      if (--missing === 0) this.entered(null, entries)
    }
    entries.forEach((entry, at) => {
      if (entry.kind !== 'link') return
      missing++
      stat(entry.path, (error, stats) => {
        if (error === null) entries[at] = { ...entry, kind: kindOf(stats) }
        arrived()
      })
    })
    arrived()
  }

  /** @internal */
  entered(error: unknown, entries: WalkEntry[]): void {
    this.busy = false
    this.due = null
    this.levels.push(entries)
    if (!this.skipErrors) this.failure = error
    this.serve()
  }
}

class NextEntry implements Request {
  readonly kind: string = 'walk.next'
  readonly walk: Walk

  constructor(walk: Walk) {
    this.walk = walk
  }

  giveBack(step: IteratorResult<WalkEntry, undefined>): void {
    if (step.done !== true) this.walk.takeBack(step.value)
  }

  withdraw(operation: Operation): void {
    this.walk.line.withdraw(operation)
  }
}

function entryOf(found: Dirent, directory: string, depth: number): WalkEntry {
  const { name } = found
  return { path: join(directory, name), name, kind: kindOf(found), depth }
}

function kindOf(what: Dirent | Stats): WalkEntry['kind'] {
  if (what.isFile()) return 'file'
  if (what.isDirectory()) return 'directory'
  return what.isSymbolicLink() ? 'link' : 'other'
}
