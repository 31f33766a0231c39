// FIFOs: opening one waits for its other side. The system tells nobody when that comes, so it is asked again and again; with
// O_NONBLOCK no thread waits for it.
import fs from 'node:fs'
import { closeStream, readableOf } from './fd-streams.ts'
import { readAll } from './fd-read.ts'
import type { Done } from '../op.ts'

const { O_NONBLOCK, O_RDONLY } = fs.constants
const SOONEST_MS = 1
const LATEST_MS = 20

/** Opens one side of a FIFO as soon as the other side is open. */
export function openFifo(
  path: fs.PathLike,
  side: number,
  done: (error: unknown, fd?: number) => void,
): () => void {
  return side === O_RDONLY ? openForReading(path, done) : openForWriting(path, side, done)
}

/** Reads a FIFO from the first byte to the end, as soon as somebody writes. */
export function readFifo(path: fs.PathLike, done: Done<Buffer>): () => void {
  let stop: (() => void) | undefined
  const fd = fs.openSync(path, O_RDONLY | O_NONBLOCK)
  const over: Done<Buffer> = (error, bytes) => {
    closeStream(fd, () => {})
    done(error, bytes)
  }
  stop = readAll(readableOf(fd), over)
  return () => {
    stop?.()
    closeStream(fd, () => {})
  }
}

/** A reader is there when the system opens the FIFO for writing. */
function openForWriting(
  path: fs.PathLike,
  side: number,
  done: (error: unknown, fd?: number) => void,
): () => void {
  return again(() => {
    try {
      done(null, fs.openSync(path, side | O_NONBLOCK))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENXIO') return false
      done(error)
    }
    return true
  })
}

/** A writer is there, or was, when a read says anything but "the end": "would block", or bytes, which are kept. */
function openForReading(
  path: fs.PathLike,
  done: (error: unknown, fd?: number) => void,
): () => void {
  const fd = fs.openSync(path, O_RDONLY | O_NONBLOCK)
  const one = Buffer.alloc(1)
  const stop = again(() => {
    try {
      if (fs.readSync(fd, one) === 0) return false
      readableOf(fd).unshift(one)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
        fs.closeSync(fd)
        done(error)
        return true
      }
    }
    done(null, fd)
    return true
  })
  return () => {
    stop()
    fs.closeSync(fd)
  }
}

/** Tries until it is true; the function given stops trying. */
function again(attempt: () => boolean): () => void {
  let delayMs = SOONEST_MS
  let timer: ReturnType<typeof setTimeout>
  const next = () => {
    if (attempt()) return
    timer = setTimeout(next, delayMs)
    delayMs = Math.min(delayMs * 2, LATEST_MS)
  }
  timer = setTimeout(next, 0)
  return () => clearTimeout(timer)
}
