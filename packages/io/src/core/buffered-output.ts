// Bytes that go out piece by piece, and those who wait until theirs have gone. Writers are served whole, in order of
// arrival: their bytes do not mix. One that is given up stops after the piece under way.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { GreenhouseError } from '@greenhouse/scheduler'
import {
  complete,
  fail,
  refuse,
  wrongType,
  type Operation,
  type Source,
} from '@greenhouse/scheduler/kernel'
import { Line, type Request } from './buffered-line.ts'

/** What a public writer writes to. */
export interface Output {
  readonly closed: boolean
  write(request: WriteRequest, options: WaitOptions | undefined): Blocking<void>
}

/** The largest piece that is handed on at once. */
export const PIECE = 65536

export type Data = string | Uint8Array

/** Something to write; without bytes it is over when all before it is. */
export class WriteRequest implements Request {
  readonly giveBack: null = null
  readonly kind: string
  /** Where it is to go. */
  output: { withdraw(operation: Operation): void } | null = null
  bytesWritten = 0
  /** What is left. */
  rest: Buffer
  /** Whether `rest` is the caller's memory, which may change once the caller goes on. */
  readonly foreign: boolean

  constructor(kind: string, bytes: Buffer, foreign: boolean) {
    this.kind = kind
    this.rest = bytes
    this.foreign = foreign
  }

  /** The next bytes, at most `max`; null when all are written. */
  piece(max: number): Buffer | null {
    const { rest } = this
    if (rest.length === 0) return null
    return rest.length <= max ? rest : (rest.subarray(0, max) as Buffer)
  }

  wrote(count: number): void {
    this.bytesWritten += count
    this.rest = this.rest.subarray(count) as Buffer
  }

  withdraw(operation: Operation): void {
    this.output!.withdraw(operation)
  }
}

/** Makes a request of what the caller gave: one piece of data, or several. */
export function writeRequest(
  kind: string,
  data: Data | Iterable<Data>,
  encoding: BufferEncoding | undefined,
): WriteRequest {
  if (typeof data === 'string' || ArrayBuffer.isView(data)) {
    const bytes = bytesOf('data', data, encoding)
    return new WriteRequest(kind, bytes, typeof data !== 'string')
  }
  if (typeof (data as Iterable<Data> | null | undefined)?.[Symbol.iterator] !== 'function')
    wrongType('lines', 'an iterable of strings or bytes', data)
  const parts = Array.from(data, (part) => bytesOf('line', part, encoding))
  return new WriteRequest(kind, Buffer.concat(parts), false)
}

/** The bytes of data, without a copy where they are bytes already. */
export function bytesOf(name: string, data: unknown, encoding: BufferEncoding | undefined): Buffer {
  if (typeof data === 'string') return Buffer.from(data, encoding)
  if (Buffer.isBuffer(data)) return data
  if (!ArrayBuffer.isView(data)) wrongType(name, 'a string or bytes', data)
  return Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
}

export abstract class DepartingOutput implements Output {
  readonly writers: Line<WriteRequest>
  readonly watchers: Set<() => void> = new Set()
  readonly what: string
  closed = false
  failure: unknown = undefined
  /** Whether somebody has heard of the failure; else `close` tells. */
  told = true

  constructor(what: string, owner: Source['owner'], outside: boolean) {
    this.what = what
    this.writers = new Line(what, owner, outside)
  }

  write(request: WriteRequest, options: WaitOptions | undefined): Blocking<void> {
    const refused = refuse(options)
    if (refused !== null) return refused
    request.output = this
    if (this.closed) return fail(this.closedError())
    if (this.failure !== undefined) return this.failNow()
    if (this.writers.size === 0) {
      if (this.send(request)) return complete(undefined)
      if (this.failure !== undefined) return this.failNow()
    }
    return this.writers.park(request, options)
  }

  withdraw(operation: Operation): void {
    this.writers.withdraw(operation)
    this.proceed()
  }

  /** There is room again. */
  proceed(): void {
    for (let request: WriteRequest | null; (request = this.writers.first) !== null;) {
      if (this.failure !== undefined) {
        this.told = true
        this.writers.fail(this.failure)
      } else if (this.send(request)) this.writers.resume(undefined)
      else break
    }
    for (const watcher of [...this.watchers]) watcher()
  }

  /** Nothing can be written any more. */
  failed(error: unknown): void {
    if (this.failure === undefined) {
      this.failure = error
      this.told = false
    }
    this.proceed()
  }

  failNow(): Blocking<never> {
    this.told = true
    return fail(this.failure)
  }

  watch(changed: () => void): () => void {
    this.watchers.add(changed)
    return () => void this.watchers.delete(changed)
  }

  readable(): boolean {
    return false
  }

  /** Whether a write would return at once, if only with an error. */
  writable(): boolean {
    return this.closed || this.failure !== undefined || (this.writers.size === 0 && this.room())
  }

  /** Nothing more will be written; waits until the world outside has everything. */
  close(options: WaitOptions | undefined): Blocking<void> {
    this.shut()
    return refuse(options) ?? complete(undefined)
  }

  /** All who wait, and all who come, get GH_CLOSED. */
  shut(): void {
    if (this.closed) return
    this.closed = true
    this.writers.failAll(() => this.closedError())
    for (const watcher of [...this.watchers]) watcher()
  }

  /** Writes as much as goes at once; gives whether that is all. */
  abstract send(request: WriteRequest): boolean

  abstract room(): boolean

  closedError(): GreenhouseError {
    return new GreenhouseError('GH_CLOSED', `The ${this.what} is closed`)
  }
}
