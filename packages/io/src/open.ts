// Opening files.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { checkCount, wrongType } from '@greenhouse/scheduler/kernel'
import { encodingOf, type EncodingOptions } from './core/buffered-options.ts'
import { fstatSync } from './core/fd-calls.ts'
import { modeOf } from './core/fd-mode.ts'
import { backendOf, openFd } from './core/fd-open.ts'
import { File } from './file.ts'
import { stdioOf } from './stdio.ts'

/**
 * How a file is opened: `r` reads; `w` writes, and empties the file or makes it; `a` writes at its end, or makes it; `+` does
 * both; `x` after `w` or `a` fails when it exists already.
 */
export type OpenMode = 'r' | 'r+' | 'w' | 'w+' | 'wx' | 'wx+' | 'a' | 'a+' | 'ax' | 'ax+'

/** How a file is opened, besides its mode. */
export interface OpenOptions extends WaitOptions, EncodingOptions {
  /** The permissions of a file that is made, less the umask of the process; 0o666 by default. */
  readonly permissions?: number | undefined
}

/**
 * Opens a file.
 *
 * Ended, timed out or aborted meanwhile, a descriptor that comes too late is closed. A FIFO opened for reading is open at
 * once, and its first read waits for a writer; opened for writing it waits for a reader.
 *
 * @param path - A path, or a `file:` URL.
 * @param mode - As for fopen: `r` by default.
 * @param options - `encoding`, `permissions`, `timeoutMs`, `signal`.
 * @returns the file.
 * @throws Node's own errors (ENOENT, EACCES, EEXIST, …); {GH_INVALID_ARGUMENT}; {GH_TIMEOUT}; the signal's reason.
 * @example
 * ```ts
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { open } from '@greenhouse/io'
 *
 * const path = join(tmpdir(), `greenhouse-open-${process.pid}.txt`)
 * const file = await open(path, 'w+', { encoding: 'utf8' })
 * await file.writelines(['one\n', 'two\n'])
 * await file.seek(0)
 * for await (const line of file) console.log(line.trimEnd())
 * await file.close()
 * // => one
 * // => two
 * ```
 *
 * Source: greenhouse/io/files.py File. Differs: `w` empties the file, `r+` does not make one.
 */
export function open(
  path: string | Buffer | URL,
  mode: OpenMode | undefined,
  options: OpenOptions & { readonly encoding: BufferEncoding },
): Blocking<File<string>>
export function open(
  path: string | Buffer | URL,
  mode?: OpenMode,
  options?: OpenOptions & { readonly encoding?: undefined },
): Blocking<File>
export function open(
  path: string | Buffer | URL,
  mode?: OpenMode,
  options?: OpenOptions,
): Blocking<File<Buffer | string>>
export function open(
  path: string | Buffer | URL,
  mode: OpenMode = 'r',
  options?: OpenOptions,
): Blocking<File<Buffer | string>> {
  if (typeof path !== 'string' && !Buffer.isBuffer(path) && !(path instanceof URL))
    wrongType('path', 'a path or a file: URL', path)
  const how = modeOf(mode)
  const encoding = encodingOf(options)
  const permissions = options?.permissions ?? 0o666
  checkCount('options.permissions', permissions, 0)
  return openFd(
    path,
    how,
    permissions,
    options,
    (opened) => new File(how, encoding, (owner) => backendOf(opened, how, true, owner)),
    (file) => void file.backend.close(undefined),
  )
}

/**
 * Makes a file of a descriptor that is open already. It is the file's from now on: `close` closes it. Of the standard streams
 * (0, 1, 2) it makes another face of `stdin`, `stdout` or `stderr`.
 *
 * @param fd - The descriptor.
 * @param mode - How it was opened, `r` by default; nothing is emptied or made.
 * @param options - `encoding`.
 * @throws EBADF when it is not open; {GH_INVALID_ARGUMENT}.
 *
 * Source: greenhouse/io/files.py File.fromfd
 */
export function fromFd(
  fd: number,
  mode: OpenMode | undefined,
  options: EncodingOptions & { readonly encoding: BufferEncoding },
): File<string>
export function fromFd(
  fd: number,
  mode?: OpenMode,
  options?: EncodingOptions & { readonly encoding?: undefined },
): File
export function fromFd(
  fd: number,
  mode?: OpenMode,
  options?: EncodingOptions,
): File<Buffer | string>
export function fromFd(
  fd: number,
  mode: OpenMode = 'r',
  options?: EncodingOptions,
): File<Buffer | string> {
  checkCount('fd', fd, 0)
  const how = modeOf(mode)
  const encoding = encodingOf(options)
  const stats = fstatSync(fd)
  if (fd <= 2 && !stats.isFile()) return stdioOf(fd, how, encoding)
  return new File(how, encoding, (owner) => backendOf({ fd, stats }, how, false, owner))
}
