// What goes out, in order. One write is under way at a time; who sends waits only when the system did not take all of it at
// once. A sender that is cancelled leaves the line: the slice that is under way still goes out, what is behind it does not.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { complete, fail, resume, resumeError } from '@greenhouse/scheduler/kernel'
import { OutsideList } from './core/outside.ts'
import { systemError } from './socket-errors.ts'

/** The most that is handed to the system in one go: what a cancelled `sendAll` may still send. */
export const SLICE = 262_144

/** What writes. `done` may be called before `write` returns. */
export interface OutboxOwner {
  write(bytes: Uint8Array, done: (error?: unknown) => void): void
  /** Sends the end of the stream. */
  finish(done: (error?: unknown) => void): void
  /** A write has ended: room may have come. */
  written(): void
}

/** What a parked sender still has to send. */
interface Sending {
  readonly bytes: Uint8Array
  at: number
  /** Whether the end of the stream is to follow. */
  last: boolean
  /** What the sender gets: undefined for `sendAll`. */
  readonly result: unknown
}

export class Outbox {
  readonly owner: OutboxOwner
  /** Whether the system still has a slice that it could not take at once. */
  busy = false
  /** Whether the end of the stream is sent. */
  finished = false
  /** Why nothing more can be sent. */
  failure: unknown = undefined
  senders: OutsideList<unknown> | null = null
  /** @internal Set while the owner is called, to tell an answer at once from a late one. */
  inside = false
  /** @internal */
  readonly done: (error?: unknown) => void

  constructor(owner: OutboxOwner) {
    this.owner = owner
    this.done = (error) => this.sliceDone(error)
  }

  /** Whether a small `send` would not wait. */
  get ready(): boolean {
    return this.finished || this.failure !== undefined || !this.waits
  }

  /** Whether a send has to stand in line. */
  get waits(): boolean {
    return this.busy || (this.senders !== null && this.senders.first !== null)
  }

  /** Sends bytes, whole; gives `result`. */
  send<T>(bytes: Uint8Array, result: T, options: WaitOptions | undefined): Blocking<T> {
    if (this.failure !== undefined) return fail(this.failure)
    if (this.waits) return this.park({ bytes, at: 0, last: false, result }, options)
    let at = 0
    do {
      if (this.finished || this.failure !== undefined) return fail(this.error())
      this.write(bytes.length > SLICE ? bytes.subarray(at, at + SLICE) : bytes)
      at += SLICE
    } while (at < bytes.length && !this.busy)
    if (this.busy)
      return this.park({ bytes, at: Math.min(at, bytes.length), last: false, result }, options)
    return this.failure === undefined ? complete(result) : fail(this.failure)
  }

  /** Sends the end of the stream, after what is in line. */
  end(options: WaitOptions | undefined): Blocking<void> {
    if (this.failure !== undefined) return fail(this.failure)
    if (this.finished) return complete(undefined)
    const blocking = this.park<void>(
      { bytes: NOTHING, at: 0, last: true, result: undefined },
      options,
    )
    this.goOn()
    return blocking
  }

  /** Whoever waits fails with this, and everybody later. */
  fail(error: unknown, makeError: () => unknown = () => error): void {
    this.failure ??= error
    this.senders?.failAll(makeError)
  }

  /** @internal */
  park<T>(sending: Sending, options: WaitOptions | undefined): Blocking<T> {
    const senders = (this.senders ??= new OutsideList('Socket.send'))
    return senders.park<T>(sending, options)
  }

  /** @internal */
  write(bytes: Uint8Array): void {
    this.busy = this.inside = true
    this.owner.write(bytes, this.done)
    this.inside = false
  }

  /** @internal */
  finish(): void {
    this.busy = this.inside = this.finished = true
    this.owner.finish(this.done)
    this.inside = false
  }

  /** @internal */
  sliceDone(error: unknown): void {
    this.busy = false
    if (error !== undefined && error !== null) this.failure ??= error
    if (this.inside) return
    this.goOn()
    if (!this.busy) this.owner.written()
  }

  /** @internal Serves those in line until one has to wait for the system. */
  goOn(): void {
    const { senders } = this
    while (!this.busy && senders !== null && senders.first !== null) {
      const operation = senders.first
      const sending = operation.value as Sending
      const slice = sending.bytes.subarray(sending.at, sending.at + SLICE)
      if (this.failure !== undefined || (this.finished && slice.length > 0)) {
        senders.shift()
        resumeError(operation, this.error())
      } else if (slice.length > 0) {
        sending.at += slice.length
        this.write(slice)
      } else if (sending.last && !this.finished) this.finish()
      else {
        senders.shift()
        resume(operation, sending.result)
      }
    }
  }

  /** @internal */
  error(): unknown {
    return this.failure ?? systemError('EPIPE', 'write')
  }
}

const NOTHING = new Uint8Array(0)
