// A stream passed through, to know how TLS above it ended: by the peer's goodbye, which comes in the bytes, or by the end of
// the bytes alone. Node does not say; seen from below it shows.
import { Duplex } from 'node:stream'

export class TlsBridge extends Duplex {
  readonly below: Duplex
  /** Whether the end of the bytes has been passed on: what ends above after that was cut short. */
  cut = false

  constructor(below: Duplex) {
    super({ allowHalfOpen: true })
    this.below = below
    below.on('data', (chunk) => {
      if (!this.push(chunk)) below.pause()
    })
    below.on('end', () => this.push(null))
    below.on('error', (error) => this.destroy(error))
    below.on('close', () => this.destroy())
    below.pause()
    this.once('end', () => {
      this.cut = true
    })
  }

  override _read(): void {
    this.below.resume()
  }

  override _write(chunk: unknown, _encoding: string, done: (error?: Error | null) => void): void {
    this.below.write(chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.below.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.below.destroy()
    done(error)
  }
}
