// Bytes into one of Node's own writable streams. A write is over when the stream has passed its bytes on, not when it has
// merely stored them: that is the back-pressure.
import { finished, type Writable } from 'node:stream'
import { GreenhouseError, type Blocking, type WaitOptions } from '@greenhouse/scheduler'
import { complete, refuse, wrongType, type Source } from '@greenhouse/scheduler/kernel'
import { call } from './call.ts'
import { DepartingOutput, PIECE, type WriteRequest } from './buffered-output.ts'

export class StreamOutput extends DepartingOutput {
  readonly stream: Writable
  /** Whose piece is in the stream. */
  sending: WriteRequest | null = null
  /** @internal How many pieces were through before their callbacks came. */
  early = 0

  constructor(stream: Writable, what: string, owner: Source['owner']) {
    super(what, owner, true)
    this.stream = stream
    if (stream.writableObjectMode) wrongType('writable', 'a stream of bytes', stream)
    if (stream.errored) this.failure = stream.errored
    else if (stream.destroyed || stream.writableEnded) this.goneAway()
    stream.on('error', this.onError)
    stream.on('close', this.onClose)
  }

  send(request: WriteRequest): boolean {
    const { stream } = this
    while (this.sending === null) {
      const piece = request.piece(PIECE)
      if (piece === null) return true
      this.sending = request
      stream.write(piece, this.onWritten)
      if (stream.writableLength === 0 && !stream.errored) {
        this.early++
        this.sending = null
        request.wrote(piece.length)
      } else this.sent = piece.length
    }
    return false
  }

  room(): boolean {
    return this.sending === null && !this.stream.writableNeedDrain
  }

  /** A stream that cannot be waited for is destroyed. */
  override close(options: WaitOptions | undefined): Blocking<void> {
    if (!this.closed) {
      this.shut()
      if (!this.stream.destroyed) this.stream.end()
    }
    const { stream } = this
    if (stream.destroyed || stream.writableFinished) {
      return refuse(options) ?? (this.told ? complete(undefined) : this.failNow())
    }
    const closing = call<void>(`${this.what}.close`, options, (done) => {
      const stop = finished(stream, { readable: false }, done)
      return () => {
        stop()
        stream.destroy()
      }
    })
    return closing
  }

  /** @internal */
  sent = 0

  /** @internal */
  readonly onWritten = (error?: Error | null): void => {
    if (this.early > 0) {
      this.early--
      return
    }
    const request = this.sending
    if (request === null) return
    this.sending = null
    if (error === null || error === undefined) {
      request.wrote(this.sent)
      this.proceed()
    } else this.failed(error)
  }

  /** @internal */
  readonly onError = (error: unknown): void => {
    this.failed(error)
  }

  /** @internal */
  readonly onClose = (): void => {
    this.stream.off('close', this.onClose)
    this.goneAway()
  }

  /** @internal */
  goneAway(): void {
    if (this.failure !== undefined) return
    this.failed(new GreenhouseError('GH_CLOSED', 'The stream is closed'))
    this.told = true
  }
}
