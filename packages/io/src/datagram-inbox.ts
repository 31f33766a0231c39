// What a datagram socket has received and nobody has read yet, and those who wait for more. Node cannot stop the receiving,
// so the queue is bounded here: what finds no room is dropped and counted, as the system's own queue does it.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import {
  fail,
  resume,
  resumeError,
  type Inspectable,
  type Operation,
  type Source,
} from '@greenhouse/scheduler/kernel'
import { OutsideList } from './core/outside.ts'

/** The other end of a datagram: always an IP address, never a name. */
export interface DatagramAddress {
  /** An IPv4 or IPv6 address; a link-local one with its interface (`fe80::1%eth0`). */
  readonly host: string
  readonly port: number
}

/** One datagram, whole. */
export interface Datagram {
  readonly data: Buffer
  /** Where it came from. */
  readonly address: DatagramAddress
}

/** Which datagram is dropped when the queue is full: the one that comes, or the one that has waited longest. */
export type DropPolicy = 'newest' | 'oldest'

/** What a reader makes of the datagram that it gets. */
export type Form<T> = (datagram: Datagram) => T

export class Inbox {
  readonly readers: OutsideList
  readonly maxQueued: number
  readonly maxQueuedBytes: number
  readonly drop: DropPolicy
  size = 0
  sizeBytes = 0
  received = 0
  receivedBytes = 0
  dropped = 0
  /** An error of the system that no reader was there to hear. */
  error: unknown = null
  first: Entry | null = null
  last: Entry | null = null

  constructor(owner: Inspectable, maxQueued: number, maxQueuedBytes: number, drop: DropPolicy) {
    this.readers = new OutsideList('DatagramSocket.recv', null, owner)
    this.maxQueued = maxQueued
    this.maxQueuedBytes = maxQueuedBytes
    this.drop = drop
  }

  /** Whether a read would return at once. */
  get ready(): boolean {
    return this.first !== null || this.error !== null
  }

  /** Waits for a datagram; `form` makes the result of it. One that nobody consumes goes back, first in line. */
  read<T>(kind: string, form: Form<T>, options: WaitOptions | undefined): Blocking<T> {
    const reader = new Reader(kind, this, form)
    if (this.error !== null) {
      const { error } = this
      this.error = null
      return fail(error)
    }
    const entry = this.shift()
    if (entry === null) return reader.mark(this.readers.park<T>(undefined, options))
    // Complete at once, and still given back when the scope ends first.
    const blocking = reader.mark(this.readers.park<T>(undefined, undefined))
    resume(this.readers.shift()!, reader.take(entry))
    return blocking
  }

  arrive(data: Buffer, host: string, port: number): void {
    this.received++
    this.receivedBytes += data.length
    const entry: Entry = { data, address: { host, port }, next: null }
    const operation = this.readers.shift()
    if (operation !== null) return resume(operation, (operation.source as Reader).take(entry))
    if (this.makeRoom(data.length)) this.push(entry)
    else this.dropped++
  }

  fail(error: unknown): void {
    const operation = this.readers.shift()
    if (operation !== null) resumeError(operation, error)
    else this.error ??= error
  }

  giveBack(entry: Entry): void {
    const operation = this.readers.shift()
    if (operation !== null) return resume(operation, (operation.source as Reader).take(entry))
    entry.next = this.first
    this.first = entry
    this.last ??= entry
    this.count(entry, 1)
  }

  clear(): void {
    this.first = this.last = this.error = null
    this.size = this.sizeBytes = 0
  }

  private makeRoom(bytes: number): boolean {
    if (bytes > this.maxQueuedBytes) return false
    while (this.size >= this.maxQueued || this.sizeBytes + bytes > this.maxQueuedBytes) {
      if (this.drop === 'newest') return false
      this.shift()
      this.dropped++
    }
    return true
  }

  private push(entry: Entry): void {
    if (this.last === null) this.first = entry
    else this.last.next = entry
    this.last = entry
    this.count(entry, 1)
  }

  private shift(): Entry | null {
    const entry = this.first
    if (entry === null) return null
    this.first = entry.next
    if (this.first === null) this.last = null
    entry.next = null
    this.count(entry, -1)
    return entry
  }

  private count(entry: Entry, sign: 1 | -1): void {
    this.size += sign
    this.sizeBytes += sign * entry.data.length
  }
}

interface Entry extends Datagram {
  next: Entry | null
}

/** What one read waits on: it knows how to undo itself. */
class Reader<T = unknown> implements Source {
  readonly kind: string
  readonly owner: Inspectable | null
  readonly inbox: Inbox
  readonly form: Form<T>
  entry: Entry | null = null

  constructor(kind: string, inbox: Inbox, form: Form<T>) {
    this.kind = kind
    this.owner = inbox.readers.owner
    this.inbox = inbox
    this.form = form
  }

  mark(blocking: Blocking<T>): Blocking<T> {
    // A time-out of 0 has ended the wait already, and it stands in no list.
    const operation = blocking as unknown as Operation
    if (operation.source === this.inbox.readers) operation.source = this
    return blocking
  }

  take(entry: Entry): T {
    this.entry = entry
    return this.form({ data: entry.data, address: entry.address })
  }

  readonly giveBack = (): void => {
    const { entry } = this
    this.entry = null
    if (entry !== null) this.inbox.giveBack(entry)
  }

  withdraw(operation: Operation): void {
    this.inbox.readers.withdraw(operation)
  }
}
