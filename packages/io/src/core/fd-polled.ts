// A descriptor that can make one wait (FIFO, socket, terminal): libuv polls it, so it never holds a thread of the pool.
import { finished, type Readable, type Writable } from 'node:stream'
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { GreenhouseError } from '@greenhouse/scheduler'
import { complete, fail, refuse, type Source } from '@greenhouse/scheduler/kernel'
import type { ByteQueue } from './buffered-bytes.ts'
import { StreamInput } from './buffered-stream-input.ts'
import { StreamOutput } from './buffered-stream-output.ts'
import type { WriteRequest } from './buffered-output.ts'
import type { ReadRequest } from './buffered-requests.ts'
import type { Backend } from './fd-backend.ts'
import { closeSync } from './fd-calls.ts'
import type { Mode } from './fd-mode.ts'
import { notOpenFor, unseekable } from './fd-pooled.ts'

/** The streams behind a descriptor, one where it is two-way. */
export interface Streams {
  readonly readable: Readable | null
  readonly writable: Writable | null
  /** Whether closing the file closes them; the standard streams stay. */
  readonly owned: boolean
  /** A descriptor to be closed besides. */
  readonly leftOver?: number | undefined
}

export class PolledFd implements Backend {
  readonly descriptor: number
  readonly isTTY: boolean
  readonly mode: Mode
  readonly streams: Streams
  readonly input: StreamInput | null
  readonly output: StreamOutput | null
  closed = false

  constructor(
    descriptor: number,
    isTTY: boolean,
    mode: Mode,
    streams: Streams,
    owner: Source['owner'],
  ) {
    this.descriptor = descriptor
    this.isTTY = isTTY
    this.mode = mode
    this.streams = streams
    const { readable, writable } = streams
    this.input =
      readable === null
        ? null
        : new StreamInput(readable, 'file', owner, { owned: false, idle: true })
    this.output = writable === null ? null : new StreamOutput(writable, 'file', owner)
  }

  get fd(): number {
    return this.closed ? -1 : this.descriptor
  }

  get ready(): ByteQueue | null {
    return this.input?.ready ?? null
  }

  drained(): void {}

  ask<T>(request: ReadRequest, options: WaitOptions | undefined): Blocking<T> {
    const { input } = this
    if (input !== null) return input.ask(request, options)
    return refuse(options) ?? fail(this.closed ? closedError() : notOpenFor('reading', this.mode))
  }

  write(request: WriteRequest, options: WaitOptions | undefined): Blocking<void> {
    const { output } = this
    if (output !== null) return output.write(request, options)
    return refuse(options) ?? fail(this.closed ? closedError() : notOpenFor('writing', this.mode))
  }

  seek(_offset: number, _whence: unknown, options: WaitOptions | undefined): Blocking<number> {
    return this.cannot(options)
  }

  tell(options: WaitOptions | undefined): Blocking<number> {
    return this.cannot(options)
  }

  truncate(_size: unknown, options: WaitOptions | undefined): Blocking<void> {
    return this.cannot(options)
  }

  sync(options: WaitOptions | undefined): Blocking<void> {
    return this.cannot(options)
  }

  close(options: WaitOptions | undefined): Blocking<void> {
    const { owned, readable, leftOver } = this.streams
    if (!this.closed && leftOver !== undefined) closeSync(leftOver)
    this.closed = true
    this.input?.shut()
    if (this.output === null || !owned) {
      this.output?.shut()
      if (owned) readable?.destroy()
      return refuse(options) ?? complete(undefined)
    }
    const closing = this.output.close(options)
    // A stream that goes both ways, or could, waits for the end of what comes in.
    this.destroyAtEnd()
    return closing
  }

  /** @internal */
  destroyAtEnd(): void {
    const { writable } = this.streams
    finished(writable!, { readable: false }, () => writable!.destroy())
  }

  readable(): boolean {
    return this.input?.readable() ?? false
  }

  writable(): boolean {
    return this.output?.writable() ?? false
  }

  watch(changed: () => void): () => void {
    const forget = [this.input?.watch(changed), this.output?.watch(changed)]
    return () => forget.forEach((one) => one?.())
  }

  statistics(): { bytes: number; waiting: number; closed: boolean } {
    const { input, output } = this
    const waiting = (input?.readers.size ?? 0) + (output?.writers.size ?? 0)
    return { bytes: input?.bytes.size ?? 0, waiting, closed: this.closed }
  }

  /** @internal */
  cannot(options: WaitOptions | undefined): Blocking<never> {
    return refuse(options) ?? fail(this.closed ? closedError() : unseekable())
  }
}

function closedError(): GreenhouseError {
  return new GreenhouseError('GH_CLOSED', 'The file is closed')
}
