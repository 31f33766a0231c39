// The standard streams of the process, as files. Node's own streams stand behind them, so that what `console.log` writes keeps
// its place, and whatever they are redirected to works as Node has it.
import { isatty } from 'node:tty'
import { modeOf, type Mode } from './core/fd-mode.ts'
import { PolledFd } from './core/fd-polled.ts'
import { File } from './file.ts'

/**
 * The standard input: `yield* stdin.readline()`. Nothing is read before somebody asks; the process stays alive while
 * somebody waits for it. Closing it closes this face only.
 *
 * @example
 * ```ts no-run
 * import { stdin } from '@greenhouse/io'
 *
 * for await (const line of stdin.withEncoding('utf8')) console.log(line.length)
 * ```
 *
 * Source: greenhouse/io/files.py stdin
 */
export const stdin: File = stdio(0, 'r')

/** The standard output: a write returns when Node has passed it on. Source: greenhouse/io/files.py stdout */
export const stdout: File = stdio(1, 'w')

/** The standard error output. Source: greenhouse/io/files.py stderr */
export const stderr: File = stdio(2, 'w')

/** Another face of a standard stream. */
export function stdioOf(
  fd: number,
  mode: Mode,
  encoding: BufferEncoding | undefined,
): File<Buffer | string> {
  const standard = [stdin, stdout, stderr][fd]!
  return new File<Buffer | string>(mode, encoding, () => standard.backend)
}

function stdio(fd: number, mode: 'r' | 'w'): File {
  const how = modeOf(mode)
  return new File<Buffer>(how, undefined, (owner) => {
    const streams = {
      readable: fd === 0 ? process.stdin : null,
      writable: fd === 1 ? process.stdout : fd === 2 ? process.stderr : null,
      owned: false,
    }
    return new PolledFd(fd, isatty(fd), how, streams, owner)
  })
}
