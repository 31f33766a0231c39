// Replacing a file as a whole.
import { randomBytes } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { shield, type Blocking, type Steps, type WaitOptions } from '@greenhouse/scheduler'
import { checkCount, wrongType } from '@greenhouse/scheduler/kernel'
import { call, type Done } from './core/call.ts'
import type { Data } from './core/buffered-output.ts'
import { encodingOf } from './core/buffered-options.ts'
import { fchmod, realpath, rename, stat, unlink } from './core/fd-calls.ts'
import type { File } from './file.ts'
import { whole } from './file-whole.ts'
import { open, type OpenOptions } from './open.ts'

/**
 * Replaces a file so that others see the old contents or the new, never a half, whatever happens meanwhile: writes a new file
 * beside it, waits until that is on the disk, and gives it the name.
 *
 * A link is followed. Ended, timed out or aborted meanwhile, the new file is removed before this returns.
 *
 * @param path - A path, or a `file:` URL.
 * @param data - A string, bytes, or an iterable of such.
 * @param options - `encoding` of strings; `permissions`, by default those of the old file, else 0o666 less the umask;
 *   `timeoutMs`, `signal`.
 * @returns nothing.
 * @throws Node's own errors; {GH_INVALID_ARGUMENT}; {GH_TIMEOUT}; the signal's reason.
 * @example
 * ```ts
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { readFile, writeFileAtomic } from '@greenhouse/io'
 *
 * const path = join(tmpdir(), `greenhouse-atomic-${process.pid}.json`)
 * await writeFileAtomic(path, JSON.stringify({ saved: true }))
 * console.log(String(await readFile(path))) // => {"saved":true}
 * ```
 */
export function writeFileAtomic(
  path: string | URL,
  data: Data | Iterable<Data>,
  options?: OpenOptions,
): Blocking<void> {
  const name = path instanceof URL ? fileURLToPath(path) : path
  if (typeof name !== 'string') wrongType('path', 'a path or a file: URL', path)
  const encoding = encodingOf(options)
  const { permissions } = options ?? {}
  if (permissions !== undefined) checkCount('options.permissions', permissions, 0)
  return whole(options, function* (limits) {
    const target = (yield* real(name, limits)) ?? name
    const kept = permissions ?? (yield* permissionsOf(target, limits))
    const temporary = join(dirname(target), `.${basename(target)}.${mark()}.tmp`)
    // Never cut short, so that there is no file of which nobody knows.
    const file = yield* shield(() =>
      open(temporary, 'wx', { permissions: kept ?? 0o666, encoding }),
    )
    let renamed = false
    try {
      if (permissions === undefined && kept !== undefined) yield* chmod(file, kept, limits)
      yield* file.send(data, 'writeFileAtomic', limits)
      yield* file.sync(limits)
      yield* file.close(limits)
      yield* shield(() => fsCall('rename', undefined, (done) => rename(temporary, target, done)))
      renamed = true
    } finally {
      if (!renamed) yield* shield(() => discard(file, temporary))
    }
    yield* shield(() => syncDirectory(dirname(target)))
  })
}

function mark(): string {
  return `${process.pid}-${randomBytes(6).toString('hex')}`
}

function fsCall<T>(
  kind: string,
  options: WaitOptions | undefined,
  start: (done: Done<T>) => void,
): Blocking<T> {
  return call<T>(kind, options, (done) => {
    start(done)
    return undefined
  })
}

/** What a path leads to; undefined when there is nothing. */
function real(path: string, limits: WaitOptions): Blocking<string | undefined> {
  return fsCall('realpath', limits, (done) => {
    realpath(path, (error, found) => done(missing(error) ? null : error, found))
  })
}

function permissionsOf(path: string, limits: WaitOptions): Blocking<number | undefined> {
  return fsCall('stat', limits, (done) => {
    stat(path, (error, stats) => {
      done(missing(error) ? null : error, error === null ? stats.mode & 0o7777 : undefined)
    })
  })
}

function chmod(
  file: File<Buffer | string>,
  permissions: number,
  limits: WaitOptions,
): Blocking<void> {
  return fsCall('fchmod', limits, (done) => fchmod(file.fd, permissions, done))
}

function* discard(file: File<Buffer | string>, temporary: string): Steps<void> {
  try {
    yield* file.close()
  } finally {
    yield* fsCall<void>('unlink', undefined, (done) => unlink(temporary, () => done(null)))
  }
}

/** Makes the new name last. Not every system lets a directory be opened. */
function* syncDirectory(directory: string): Steps<void> {
  try {
    const file = yield* open(directory)
    try {
      yield* file.sync()
    } finally {
      yield* file.close()
    }
  } catch {}
}

function missing(error: NodeJS.ErrnoException | null): boolean {
  return error?.code === 'ENOENT'
}
