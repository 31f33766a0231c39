// Reading what comes from elsewhere: some bytes, or all until the end.
import type { Readable } from 'node:stream'
import type { Done } from '../op.ts'
import { hold } from './fd-streams.ts'

/** Gives between 1 and `most` bytes as soon as there are some, none at the end. */
export function readSome(stream: Readable, most: number, done: Done<Buffer>): () => void {
  return whenReadable(stream, done, () => {
    const chunk = stream.read() as Buffer | string | null
    if (chunk === null) return null
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    if (bytes.length > most) stream.unshift(bytes.subarray(most))
    return bytes.subarray(0, most)
  })
}

/** Gives all bytes up to the end. */
export function readAll(stream: Readable, done: Done<Buffer>): () => void {
  const chunks: Buffer[] = []
  const over: Done<Buffer> = (error) => done(error, Buffer.concat(chunks))
  return whenReadable(stream, over, () => {
    for (;;) {
      const chunk = stream.read() as Buffer | string | null
      if (chunk === null) return null
      chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    }
  })
}

/** Calls `take` until it gives something, the stream ends, or it fails; the function given stops it. */
function whenReadable(stream: Readable, done: Done<Buffer>, take: () => Buffer | null): () => void {
  const release = hold(stream)
  const stop = () => {
    release()
    stream.off('readable', look).off('end', end).off('close', end).off('error', fail)
  }
  const look = () => {
    const bytes = take()
    if (bytes === null) return
    stop()
    done(null, bytes)
  }
  const end = () => {
    stop()
    done(null, Buffer.alloc(0))
  }
  const fail = (error: unknown) => {
    stop()
    done(error)
  }
  if (stream.readableEnded || stream.destroyed) {
    end()
    return stop
  }
  stream.on('readable', look).on('end', end).on('close', end).on('error', fail)
  look()
  return stop
}
