// Bytes that come by themselves, from a stream or from another greenlet, and those who wait for them.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { GreenhouseError } from '@greenhouse/scheduler'
import { fail, refuse, type Operation, type Source } from '@greenhouse/scheduler/kernel'
import { ByteQueue } from './buffered-bytes.ts'
import { Line } from './buffered-line.ts'
import type { Keeper, ReadRequest } from './buffered-requests.ts'

/** What a public reader reads from. */
export interface Input {
  readonly closed: boolean
  /** What is there, where nobody stands in line for it; else null. */
  readonly ready: ByteQueue | null
  ask<T>(request: ReadRequest, options: WaitOptions | undefined): Blocking<T>
  /** Bytes have been taken out of it: there is room. */
  drained(): void
}

export abstract class ArrivingInput implements Input, Keeper {
  readonly bytes: ByteQueue = new ByteQueue()
  readonly readers: Line<ReadRequest>
  /** Who wants to hear of every change: `waitFds`. */
  readonly watchers: Set<() => void> = new Set()
  readonly what: string
  ended = false
  closed = false
  failure: unknown = undefined
  /** Whether the source is running for somebody. */
  running = false

  /** `what` stands in messages: "pipe"; `outside`: only the world outside can end the waits. */
  constructor(what: string, owner: Source['owner'], outside: boolean) {
    this.what = what
    this.readers = new Line(what, owner, outside)
  }

  get ready(): ByteQueue | null {
    if (this.closed || this.readers.size > 0) return null
    this.pull()
    return this.bytes
  }

  ask<T>(request: ReadRequest, options: WaitOptions | undefined): Blocking<T> {
    const refused = refuse(options)
    if (refused !== null) return refused
    request.keeper = this
    if (this.closed) return fail(this.closedError())
    if (this.readers.size === 0) {
      this.pull()
      const count = request.count(this.bytes, this.ended)
      if (count >= 0) {
        const answer = this.readers.complete(request, request.answer(this.bytes, count) as T)
        if (count > 0) this.drained()
        return answer
      }
      if (this.failure !== undefined) return fail(this.failure)
    }
    const blocking = this.readers.park<T>(request, options)
    this.attend()
    return blocking
  }

  withdraw(operation: Operation): void {
    this.readers.withdraw(operation)
    this.serve()
  }

  takeBack(request: ReadRequest): void {
    if (this.closed) return
    this.bytes.putBack(request.taken, request.place)
    this.changed()
  }

  /** Bytes have come. */
  arrived(chunk: Buffer): void {
    if (this.closed) return
    this.bytes.push(chunk)
    this.changed()
  }

  /** Nothing more will come, with an error where that is why. */
  finished(error?: unknown): void {
    if (this.ended || this.failure !== undefined) return
    if (error === undefined || error === null) this.ended = true
    else this.failure = error
    this.changed()
  }

  /** All who wait, and all who come, get GH_CLOSED. */
  shut(): void {
    if (this.closed) return
    this.closed = true
    this.bytes.clear()
    this.readers.failAll(() => this.closedError())
    this.changed()
  }

  readable(): boolean {
    this.pull()
    return this.bytes.size > 0 || this.ended || this.closed || this.failure !== undefined
  }

  writable(): boolean {
    return false
  }

  watch(changed: () => void): () => void {
    this.watchers.add(changed)
    this.attend()
    return () => {
      this.watchers.delete(changed)
      this.attend()
    }
  }

  /** Takes over what the source has at once. */
  pull(): void {}

  /** Somebody wants bytes. */
  abstract start(): void

  /** Nobody wants bytes any more. */
  abstract stop(): void

  drained(): void {}

  changed(): void {
    this.serve()
    for (const watcher of [...this.watchers]) watcher()
  }

  serve(): void {
    for (let request: ReadRequest | null; (request = this.readers.first) !== null;) {
      const count = request.count(this.bytes, this.ended)
      if (count >= 0) {
        // The reader has left the line before anything else moves.
        this.readers.resume(request.answer(this.bytes, count))
        if (count > 0) this.drained()
      } else if (this.failure !== undefined) this.readers.fail(this.failure)
      else break
    }
    this.attend()
  }

  /** Runs the source while somebody wants bytes. */
  attend(): void {
    const over = this.ended || this.closed || this.failure !== undefined
    const wanted = !over && (this.readers.size > 0 || this.watchers.size > 0)
    if (wanted === this.running) return
    this.running = wanted
    if (wanted) this.start()
    else this.stop()
  }

  closedError(): GreenhouseError {
    return new GreenhouseError('GH_CLOSED', `The ${this.what} is closed`)
  }
}
