// The bytes of one of Node's own readable streams. It flows only while somebody waits, so back-pressure reaches the other
// side, and an idle one does not keep the process alive where it is asked not to.
import type { Readable } from 'node:stream'
import { GreenhouseError } from '@greenhouse/scheduler'
import type { Source } from '@greenhouse/scheduler/kernel'
import { ArrivingInput } from './buffered-input.ts'
import { bytesOf } from './buffered-output.ts'

interface Holding {
  ref?(): unknown
  unref?(): unknown
}

/** What may be done with a stream. */
export interface StreamUse {
  /** It is destroyed when its reader is closed. */
  readonly owned: boolean
  /** It does not keep the process alive while nobody waits for it. */
  readonly idle: boolean
}

export class StreamInput extends ArrivingInput {
  readonly stream: Readable
  readonly use: StreamUse

  constructor(stream: Readable, what: string, owner: Source['owner'], use: StreamUse) {
    super(what, owner, true)
    this.stream = stream
    this.use = use
    if (stream.errored) this.finished(stream.errored)
    else if (stream.readableEnded) this.finished()
    else if (stream.destroyed) this.finished(cutOff())
    stream.on('end', this.onEnd)
    stream.on('error', this.onError)
    stream.on('close', this.onClose)
  }

  override start(): void {
    if (this.use.idle) (this.stream as Holding).ref?.()
    this.stream.on('data', this.onData)
    this.stream.resume()
  }

  override stop(): void {
    this.stream.off('data', this.onData)
    if (!this.stream.destroyed) this.stream.pause()
    if (this.use.idle) (this.stream as Holding).unref?.()
  }

  override pull(): void {
    if (this.running || this.ended || this.closed) return
    // Buffered in the stream while nobody waited.
    if (this.stream.readableLength > 0 && !this.stream.destroyed) {
      const chunk: unknown = this.stream.read()
      if (chunk !== null) this.taken(chunk, (bytes) => this.bytes.push(bytes))
    }
  }

  override shut(): void {
    super.shut()
    if (this.use.owned) this.stream.destroy()
  }

  /** @internal */
  readonly onData = (chunk: unknown): void => {
    this.taken(chunk, (bytes) => this.arrived(bytes))
  }

  /** @internal */
  readonly onEnd = (): void => {
    this.finished()
  }

  /** @internal */
  readonly onError = (error: unknown): void => {
    this.finished(error)
  }

  /** @internal */
  readonly onClose = (): void => {
    this.stream.off('end', this.onEnd)
    this.stream.off('close', this.onClose)
    // Its listener for errors stays: one may come late.
    this.finished(this.stream.readableEnded ? undefined : cutOff())
  }

  /** @internal An object among the bytes ends it all. */
  taken(chunk: unknown, keep: (bytes: Buffer) => void): void {
    let bytes: Buffer
    try {
      bytes = bytesOf('chunk', chunk, this.stream.readableEncoding ?? undefined)
    } catch (error) {
      return this.finished(error)
    }
    keep(bytes)
  }
}

function cutOff(): GreenhouseError {
  return new GreenhouseError('GH_CLOSED', 'The stream was destroyed before its end')
}
