// Feeds a child and gathers what it writes, until it has ended and its output too.
import type { Readable } from 'node:stream'
import type { Done } from './core/call.ts'
import type { Child } from './process-child.ts'
import type { ProcessResult } from './process-result.ts'

/** What was read of a child's streams before. */
export interface Heads {
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** Tells that a stream was longer than allowed, with what was kept. */
export type TooMuch = (name: 'stdout' | 'stderr', result: ProcessResult) => Error

/**
 * Starts to feed and to gather.
 *
 * @returns a function that gives up: the child has to go.
 */
export function gather(
  child: Child,
  input: string | Uint8Array | undefined,
  heads: Heads,
  maxBufferBytes: number,
  tooMuch: TooMuch,
  done: Done<ProcessResult>,
): () => void {
  const result = (): ProcessResult => ({
    ...(child.exit ?? { code: null, signal: null }),
    stdout: out.bytes(),
    stderr: err.bytes(),
  })
  const leave = () => {
    out.leave()
    err.leave()
    unlisten()
  }
  const changed = (overfull: 'stdout' | 'stderr' | null = null) => {
    if (overfull !== null) {
      leave()
      child.abandon()
      done(tooMuch(overfull, result()))
    } else if (child.failure !== null) {
      leave()
      done(child.failure)
    } else if (out.error !== null || err.error !== null) {
      leave()
      child.abandon()
      done(out.error ?? err.error)
    } else if (child.exit !== null && out.ended && err.ended) {
      leave()
      child.stdin?.destroy()
      done(null, result())
    }
  }
  const unlisten = child.over ? () => {} : child.whenOver(() => changed())
  const out = new Gatherer(child.stdout, heads.stdout, maxBufferBytes, (full) =>
    changed(full ? 'stdout' : null),
  )
  const err = new Gatherer(child.stderr, heads.stderr, maxBufferBytes, (full) =>
    changed(full ? 'stderr' : null),
  )
  // A child that does not read all of it does as it likes; its stream has a listener for errors.
  if (child.stdin !== null && !child.stdin.writableEnded) child.stdin.end(input)
  // It may be over already.
  changed()
  return () => {
    leave()
    child.abandon()
  }
}

class Gatherer {
  readonly stream: Readable | null
  readonly chunks: Buffer[]
  readonly max: number
  readonly changed: (full: boolean) => void
  size: number
  ended: boolean
  error: Error | null = null

  constructor(
    stream: Readable | null,
    head: Buffer,
    max: number,
    changed: (full: boolean) => void,
  ) {
    this.stream = stream
    this.chunks = [head]
    this.size = head.length
    this.max = max
    this.changed = changed
    this.ended = stream === null || stream.readableEnded || stream.destroyed
    if (this.ended) return
    stream!.on('data', this.onData).on('end', this.onEnd).on('close', this.onEnd)
    stream!.on('error', this.onError)
    stream!.resume()
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks, Math.min(this.size, this.max))
  }

  leave(): void {
    this.stream?.off('data', this.onData).off('end', this.onEnd).off('close', this.onEnd)
    this.stream?.off('error', this.onError)
  }

  readonly onData = (chunk: Buffer): void => {
    this.chunks.push(chunk)
    this.size += chunk.length
    if (this.size > this.max) this.changed(true)
  }

  readonly onEnd = (): void => {
    this.ended = true
    this.changed(false)
  }

  readonly onError = (error: Error): void => {
    this.error = error
    this.changed(false)
  }
}
