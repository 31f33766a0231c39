// Descriptors that can make one wait: FIFOs, sockets, terminals. libuv polls them, so that they hold no thread of its pool.
// A stream that was made for a descriptor stays until `closeSync`; what it has read too much waits in it for the next read.
import { fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import { isatty, ReadStream } from 'node:tty'
import type { Readable, Writable } from 'node:stream'

interface Known {
  readonly stream: Socket
  /** Descriptors are numbered anew: is it still this file? */
  readonly dev: number
  readonly ino: number
}

const known = new Map<number, Known>()

/** Whether reads and writes of a descriptor may wait for another process. */
export function mayWait(fd: number): boolean {
  const stats = fstatSync(fd)
  return stats.isFIFO() || stats.isSocket() || (stats.isCharacterDevice() && isatty(fd))
}

/** The stream to read a descriptor from. */
export function readableOf(fd: number): Readable {
  return fd === 0 ? process.stdin : streamOf(fd)
}

/** The stream to write a descriptor to. */
export function writableOf(fd: number): Writable {
  if (fd === 1) return process.stdout
  return fd === 2 ? process.stderr : streamOf(fd)
}

/** Closes the stream of a descriptor, and the descriptor with it; false where there is none. */
export function closeStream(fd: number, closed: () => void): boolean {
  const entry = current(fd)
  if (entry === undefined) return false
  known.delete(fd)
  const { stream } = entry
  stream.ref()
  // What was written is out before the end.
  stream.end(() => stream.destroy())
  stream.once('close', closed)
  return true
}

/** While somebody waits, the process lives; afterwards the stream neither keeps it alive nor reads on. */
export function hold(stream: Readable | Writable): () => void {
  const socket = stream as Partial<Socket>
  socket.ref?.()
  return () => socket.unref?.()
}

function streamOf(fd: number): Socket {
  const entry = current(fd)
  if (entry !== undefined) return entry.stream
  const { dev, ino } = fstatSync(fd)
  const stream = isatty(fd)
    ? new ReadStream(fd)
    : new Socket({
        fd,
        readable: true,
        writable: true,
        allowHalfOpen: true,
        manualStart: true,
      } as ConstructorParameters<typeof Socket>[0])
  // Those who wait hear of errors themselves.
  stream.on('error', () => {})
  stream.unref()
  known.set(fd, { stream, dev, ino })
  return stream
}

function current(fd: number): Known | undefined {
  const entry = known.get(fd)
  if (entry === undefined) return undefined
  try {
    const { dev, ino } = fstatSync(fd)
    if (!entry.stream.destroyed && dev === entry.dev && ino === entry.ino) return entry
  } catch {
    // Closed behind our back.
  }
  known.delete(fd)
  return undefined
}
