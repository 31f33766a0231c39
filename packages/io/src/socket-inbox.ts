// The bytes that have come and that nobody has taken yet, and who waits for bytes, in order of arrival. Bytes are taken
// only when all that a reader asked for is there: whoever is cancelled meanwhile has taken nothing.
//
//   received -> [ chunk | chunk | chunk ] -> takers: recv, recvExactly, readline, …
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import {
  complete,
  fail,
  resume,
  resumeError,
  type Operation,
  type Source,
} from '@greenhouse/scheduler/kernel'
import { OutsideList } from './core/outside.ts'

/** How much is read ahead while nobody asks. */
export const READ_AHEAD = 65_536

/** Says that there is not enough yet. */
export const NOT_YET: unique symbol = Symbol('not yet')

/** What the end of the stream looks like to `recv`. */
export const NO_BYTES: Buffer = Buffer.alloc(0)

/** A way to take bytes. `recv` has none: a number, the most to take, stands for it. */
export interface Taker {
  readonly kind: string
  /** Takes what was asked for, or gives `NOT_YET` and takes nothing. Called again whenever more has come. */
  take(inbox: Inbox): unknown
  /** What it gets when no more will come and `take` was not satisfied. May throw. */
  takeLast(inbox: Inbox): unknown
  /** Takes bytes that are just coming, past the inbox, which is empty: all of them, or gives `NOT_YET` and takes nothing. */
  takeComing?(bytes: Uint8Array, length: number): unknown
  /** The bytes by which a value that nobody consumed goes back, where the value itself is not a Buffer. */
  bytesOf?(value: unknown): Uint8Array
}

/** What the inbox tells of itself. */
export interface InboxOwner {
  /** Makes bytes come again. */
  readMore(): void
  /** The error of a reader that is too late. */
  closedError(): Error
}

export class Inbox {
  readonly owner: InboxOwner
  /** How many bytes are in. */
  size = 0
  /** No more will come. */
  ended = false
  /** Why no more will come, when that is not the peer's orderly end. */
  failure: unknown = undefined
  closed = false
  /** Whether the source was told to stop. */
  stopped = true
  readers: Readers | null = null
  /** How often bytes were put back in front. */
  unreads = 0
  /** @internal */
  first: Buffer | null = null
  /** @internal */
  rest: Buffer[] | null = null
  /** @internal How many of `rest` are taken. */
  gone = 0
  /** @internal How much room there is behind the last chunk, in memory that it owns. */
  room = 0

  constructor(owner: InboxOwner) {
    this.owner = owner
  }

  /** Bytes have come, in memory of somebody else. Gives false when the source is to stop. */
  receive(bytes: Uint8Array, length: number): boolean {
    const { readers } = this
    const operation = readers === null ? null : readers.first
    if (operation !== null && this.size === 0) {
      const item = operation.value as number | Taker
      let value: unknown = NOT_YET
      if (typeof item !== 'number') value = item.takeComing?.(bytes, length) ?? NOT_YET
      else if (length <= item) value = copyOf(bytes, length)
      if (value !== NOT_YET) {
        readers!.shift()
        resume(operation, value)
        return this.goesOn()
      }
    }
    this.append(bytes, length)
    if (operation !== null) this.serve()
    return this.goesOn()
  }

  /** As `receive`, for a chunk that belongs to us. */
  receiveOwn(chunk: Buffer): boolean {
    this.room = 0
    this.push(chunk)
    if (this.readers !== null && this.readers.first !== null) this.serve()
    return this.goesOn()
  }

  /** No more will come. */
  end(failure?: unknown): void {
    if (this.ended) return
    this.ended = true
    this.failure = failure
    this.serve()
  }

  /** Whoever waits fails; what is in is dropped. */
  close(): void {
    this.closed = true
    this.clear()
    this.readers?.failAll(() => this.owner.closedError())
  }

  clear(): void {
    this.first = this.rest = null
    this.size = this.gone = this.room = 0
  }

  /** Reads ahead, so that who watches hears of what comes. */
  readAhead(): void {
    if (this.stopped && !this.ended && this.size < READ_AHEAD) {
      this.stopped = false
      this.owner.readMore()
    }
  }

  /** Whether a `recv` would not wait. */
  get ready(): boolean {
    return this.size > 0 || this.ended || this.closed
  }

  /** What `recv` does: waits for at least one byte, and gives those that are there. */
  recv(most: number, options: WaitOptions | undefined): Blocking<Buffer> {
    const readers = (this.readers ??= new Readers(this))
    if (readers.first === null) {
      if (this.size > 0) return readers.complete(this.takeSome(most)) as Blocking<Buffer>
      if (this.ended) return this.failure === undefined ? complete(NO_BYTES) : fail(this.failure)
    }
    return this.park(readers, most, options)
  }

  /** What every other way to read does. */
  take<T>(taker: Taker, options: WaitOptions | undefined): Blocking<T> {
    const given = this.tryTake<T>(taker)
    if (given !== null) return given
    const blocking = this.park<T>(this.readers!, taker, options)
    const operation = blocking as unknown as Operation
    if (operation.parked) operation.source = new Taking(this, taker)
    return blocking
  }

  /** As `take` where that would not wait, else null. */
  tryTake<T>(taker: Taker): Blocking<T> | null {
    const readers = (this.readers ??= new Readers(this))
    if (readers.first !== null) return null
    let value: unknown
    try {
      value = taker.take(this)
      if (value === NOT_YET) {
        if (!this.ended) return null
        if (this.failure !== undefined) return fail(this.failure)
        value = taker.takeLast(this)
      }
    } catch (error) {
      return fail(error)
    }
    const blocking = readers.complete(value as Buffer)
    ;(blocking as unknown as Operation).source = new Taking(this, taker)
    return blocking as unknown as Blocking<T>
  }

  /** Puts bytes back in front. */
  unread(bytes: Uint8Array): void {
    if (this.closed || bytes.length === 0) return
    this.unreads++
    const chunk = asBuffer(bytes)
    if (this.first !== null) {
      if (this.gone > 0) this.rest![--this.gone] = this.first
      else if (this.rest === null) this.rest = [this.first]
      else this.rest.unshift(this.first)
    } else this.room = 0
    this.first = chunk
    this.size += chunk.length
    this.serve()
  }

  /** Takes 1 to `most` bytes; there must be some. */
  takeSome(most: number): Buffer {
    const chunk = this.first!
    if (chunk.length <= most) {
      this.size -= chunk.length
      this.advance()
      return chunk
    }
    this.first = chunk.subarray(most)
    this.size -= most
    return chunk.subarray(0, most)
  }

  /** Takes exactly `count` bytes, which must be there. */
  takeExactly(count: number): Buffer {
    if (count === 0) return NO_BYTES
    if (this.first!.length >= count) return this.takeSome(count)
    const whole = Buffer.allocUnsafe(count)
    this.takeInto(whole)
    return whole
  }

  /** Fills memory as far as there are bytes, and gives how many. */
  takeInto(target: Uint8Array): number {
    let at = 0
    while (at < target.length && this.first !== null) {
      const chunk = this.takeSome(target.length - at)
      target.set(chunk, at)
      at += chunk.length
    }
    return at
  }

  /** How many bytes there are up to and with the first of this value at `from` or behind; -1 when there is none. */
  find(byte: number, from: number): number {
    let before = 0
    for (let i = -1, chunk = this.first; chunk !== null; chunk = this.chunkAt(++i)) {
      if (before + chunk.length > from) {
        const at = chunk.indexOf(byte, Math.max(0, from - before))
        if (at !== -1) return before + at + 1
      }
      before += chunk.length
    }
    return -1
  }

  /** Gives readers what they can get now. */
  serve(): void {
    const { readers } = this
    if (readers === null || readers.serving) return
    readers.serving = true
    try {
      while (readers.first !== null && this.serveFirst(readers)) {}
    } finally {
      readers.serving = false
    }
  }

  /** @internal */
  serveFirst(readers: Readers): boolean {
    const operation = readers.first!
    const item = operation.value as number | Taker
    let value: unknown
    try {
      if (typeof item !== 'number') value = item.take(this)
      else value = this.size > 0 ? this.takeSome(item) : NOT_YET
      if (value === NOT_YET) {
        if (!this.ended) return false
        if (this.failure !== undefined) throw this.failure
        value = typeof item === 'number' ? NO_BYTES : item.takeLast(this)
      }
    } catch (error) {
      readers.shift()
      resumeError(operation, error)
      return true
    }
    readers.shift()
    resume(operation, value)
    return true
  }

  /** @internal */
  park<T>(readers: Readers, item: number | Taker, options: WaitOptions | undefined): Blocking<T> {
    if (this.closed) return fail(this.owner.closedError())
    const blocking = readers.park<T>(item, options)
    if (this.stopped && (readers.first !== null || this.size < READ_AHEAD)) {
      this.stopped = false
      this.owner.readMore()
    }
    return blocking
  }

  /** @internal */
  goesOn(): boolean {
    if (this.size < READ_AHEAD || (this.readers !== null && this.readers.first !== null))
      return true
    this.stopped = true
    return false
  }

  /** @internal Copies bytes behind the others. Many small ones share memory. */
  append(bytes: Uint8Array, length: number): void {
    const last = this.room >= length ? this.lastChunk() : null
    if (last !== null) {
      const longer = Buffer.from(last.buffer, last.byteOffset, last.length + length)
      longer.set(bytes.subarray(0, length), last.length)
      if (this.rest === null || this.gone === this.rest.length) this.first = longer
      else this.rest[this.rest.length - 1] = longer
      this.size += length
      this.room -= length
      return
    }
    if (length >= SMALL) {
      this.room = 0
      return this.push(copyOf(bytes, length))
    }
    const memory = Buffer.allocUnsafeSlow(SMALL)
    memory.set(bytes.subarray(0, length))
    this.push(memory.subarray(0, length))
    this.room = SMALL - length
  }

  /** @internal */
  push(chunk: Buffer): void {
    this.size += chunk.length
    if (this.first === null) this.first = chunk
    else if (this.rest === null) this.rest = [chunk]
    else this.rest.push(chunk)
  }

  /** @internal */
  advance(): void {
    const { rest } = this
    if (rest === null || this.gone === rest.length) {
      this.first = this.rest = null
      this.gone = this.room = 0
      return
    }
    this.first = rest[this.gone]!
    rest[this.gone++] = NO_BYTES
    if (this.gone === rest.length) {
      this.rest = null
      this.gone = 0
    }
  }

  /** @internal */
  lastChunk(): Buffer | null {
    return this.rest === null ? this.first : this.rest[this.rest.length - 1]!
  }

  /** @internal */
  chunkAt(index: number): Buffer | null {
    return this.rest?.[this.gone + index] ?? null
  }
}

const SMALL = 2048

/** Who waits for bytes. What was handed to one who cannot take it any more goes back in front. */
export class Readers extends OutsideList<Buffer> {
  readonly inbox: Inbox
  serving = false

  constructor(inbox: Inbox) {
    super('Socket.recv', giveBack)
    this.inbox = inbox
  }

  override withdraw(operation: Operation): void {
    super.withdraw(operation)
    // The next may want less than the one who has left.
    if (this.first !== null && (this.inbox.size > 0 || this.inbox.ended)) this.inbox.serve()
  }
}

function giveBack(this: Readers, bytes: Buffer): void {
  this.inbox.unread(bytes)
}

/** What a reader other than `recv` waits on: the same list, with its own way back. */
class Taking implements Source {
  readonly inbox: Inbox
  readonly taker: Taker

  constructor(inbox: Inbox, taker: Taker) {
    this.inbox = inbox
    this.taker = taker
  }

  get kind(): string {
    return this.taker.kind
  }

  giveBack(value: unknown): void {
    this.inbox.unread(this.taker.bytesOf?.(value) ?? (value as Buffer))
  }

  withdraw(operation: Operation): void {
    this.inbox.readers!.withdraw(operation)
  }
}

export function copyOf(bytes: Uint8Array, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length)
  copy.set(length === bytes.length ? bytes : bytes.subarray(0, length))
  return copy
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
