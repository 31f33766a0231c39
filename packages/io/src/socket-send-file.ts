// A file sent over a socket, slice by slice: never more than one is in memory.
import { close, open, read } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { withTimeout, type Blocking, type Steps, type WaitOptions } from '@greenhouse/scheduler'
import { checkCount, checkOptions, fail, refuse } from '@greenhouse/scheduler/kernel'
import { call } from './core/call.ts'
import type { SocketStream } from './socket-stream.ts'

/** What of a file is sent. */
export interface SendFileOptions extends WaitOptions {
  /** From which byte on, at least 0; 0 by default. */
  readonly offset?: number | undefined
  /** How many bytes at most, at least 0; to its end by default. */
  readonly length?: number | undefined
}

/** A file by its path, or one that is open already and stays so. */
export type FileToSend = string | URL | Buffer | FileHandle

export function sendFile(
  socket: SocketStream,
  file: FileToSend,
  options: SendFileOptions,
): Blocking<number> {
  checkOptions('options', options)
  const { offset = 0, length = Infinity } = options
  checkCount('options.offset', offset, 0)
  checkCount('options.length', length, 0)
  const refused = refuse(options)
  if (refused !== null) return refused
  const error = socket.unusable('sendFile')
  if (error !== null) return fail(error)
  const { timeoutMs = Infinity, signal } = socket.limited(options) ?? {}
  return withTimeout(timeoutMs, () => sending(socket, file, offset, offset + length, { signal }))
}

const SLICE = 65_536

function* sending(
  socket: SocketStream,
  file: FileToSend,
  offset: number,
  end: number,
  options: WaitOptions,
): Steps<number> {
  const given = typeof file === 'object' && 'fd' in file
  const source = new FileSource(given ? file.fd : yield* openFile(file as string, options))
  try {
    let at = offset
    while (at < end) {
      const bytes = yield* source.read(at, Math.min(SLICE, end - at), options)
      if (bytes.length === 0) break
      yield* socket.sendAll(bytes, { ...options, timeoutMs: Infinity })
      at += bytes.length
    }
    return at - offset
  } finally {
    if (!given) source.close()
  }
}

function openFile(path: string, options: WaitOptions): Blocking<number> {
  return call<number>(
    'Socket.sendFile',
    options,
    (done) => {
      open(path, done)
      return undefined
    },
    (fd) => close(fd),
  )
}

/** A descriptor that is closed only when no read is under way on it. */
class FileSource {
  readonly fd: number
  reading = false
  shut = false

  constructor(fd: number) {
    this.fd = fd
  }

  read(position: number, length: number, options: WaitOptions): Blocking<Buffer> {
    return call<Buffer>('Socket.sendFile', options, (done) => {
      const memory = Buffer.allocUnsafe(length)
      this.reading = true
      read(this.fd, memory, 0, length, position, (error, count) => {
        this.reading = false
        if (this.shut) close(this.fd)
        done(error, memory.subarray(0, count))
      })
      return undefined
    })
  }

  close(): void {
    this.shut = true
    if (!this.reading) close(this.fd)
  }
}
