// What can be asked of buffered bytes. A request takes nothing until it can be answered in full, so one that is withdrawn
// loses nothing; an answer that nobody consumed is put back.
import type { Operation } from '@greenhouse/scheduler/kernel'
import type { ByteQueue } from './buffered-bytes.ts'
import type { Request } from './buffered-line.ts'

/** To whom a request is made. */
export interface Keeper {
  /** The request is given up. */
  withdraw(operation: Operation): void
  /** The answer was not consumed. */
  takeBack(request: ReadRequest): void
}

export abstract class ReadRequest implements Request {
  readonly kind: string
  /** Whom it was made to. */
  keeper: Keeper | null = null
  readonly encoding: BufferEncoding | undefined
  /** The answer's bytes, and where they stood. */
  taken: Buffer | null = null
  place = 0
  epoch = 0
  /** Whether the source had nothing more, for this request. */
  ended = false
  /** How often the source was asked on its behalf. */
  rounds = 0

  constructor(kind: string, encoding: BufferEncoding | undefined) {
    this.kind = kind
    this.encoding = encoding
  }

  /** How many bytes answer it; -1 when more have to come. */
  abstract count(bytes: ByteQueue, ended: boolean): number

  /** How many bytes it would like to see come. */
  wanted(_bytes: ByteQueue): number {
    return 1
  }

  /** Makes the answer. */
  make(bytes: Buffer): unknown {
    return this.encoding === undefined ? bytes : bytes.toString(this.encoding)
  }

  giveBack(): void {
    this.keeper!.takeBack(this)
  }

  withdraw(operation: Operation): void {
    this.keeper!.withdraw(operation)
  }
}

/** So many bytes; fewer only at the end. */
export class ReadSize extends ReadRequest {
  readonly size: number

  constructor(kind: string, encoding: BufferEncoding | undefined, size: number) {
    super(kind, encoding)
    this.size = size
  }

  count(bytes: ByteQueue, ended: boolean): number {
    if (bytes.size >= this.size) return wholeCharacters(this.encoding, bytes, this.size, ended)
    return ended ? bytes.size : -1
  }

  override wanted(bytes: ByteQueue): number {
    return this.size - bytes.size
  }
}

/** What is there, at least one byte; none at the end. */
export class ReadSome extends ReadRequest {
  readonly max: number

  constructor(kind: string, encoding: BufferEncoding | undefined, max: number) {
    super(kind, encoding)
    this.max = max
  }

  count(bytes: ByteQueue, ended: boolean): number {
    if (bytes.size === 0) return ended ? 0 : -1
    return wholeCharacters(this.encoding, bytes, Math.min(bytes.size, this.max), ended)
  }

  override wanted(): number {
    return Math.min(this.max, 65536)
  }
}

/** Into the caller's own memory. */
export class ReadInto extends ReadRequest {
  readonly target: Uint8Array

  constructor(kind: string, target: Uint8Array) {
    super(kind, undefined)
    this.target = target
  }

  count(bytes: ByteQueue, ended: boolean): number {
    if (bytes.size >= this.target.length) return this.target.length
    return ended ? bytes.size : -1
  }

  override wanted(bytes: ByteQueue): number {
    return this.target.length - bytes.size
  }

  override make(bytes: Buffer): number {
    this.target.set(bytes)
    return bytes.length
  }
}

export class ReadLine extends ReadRequest {
  readonly max: number

  constructor(kind: string, encoding: BufferEncoding | undefined, max: number) {
    super(kind, encoding)
    this.max = max
  }

  count(bytes: ByteQueue, ended: boolean): number {
    return lineLength(bytes, this.max, ended)
  }
}

/** A line as an iterator gives it. */
export class NextLine extends ReadRequest {
  count(bytes: ByteQueue, ended: boolean): number {
    return lineLength(bytes, Infinity, ended)
  }

  override make(bytes: Buffer): IteratorResult<unknown, undefined> {
    if (bytes.length === 0) return { done: true, value: undefined }
    return { done: false, value: super.make(bytes) }
  }
}

/** All lines up to the end. */
export class ReadLines extends ReadRequest {
  count(bytes: ByteQueue, ended: boolean): number {
    return ended ? bytes.size : -1
  }

  override wanted(): number {
    return Infinity
  }

  override make(bytes: Buffer): unknown[] {
    const lines: unknown[] = []
    for (let start = 0, end: number; start < bytes.length; start = end) {
      end = bytes.indexOf(10, start) + 1
      if (end === 0) end = bytes.length
      lines.push(super.make(bytes.subarray(start, end) as Buffer))
    }
    return lines
  }
}

function lineLength(bytes: ByteQueue, max: number, ended: boolean): number {
  const length = bytes.lineLength(max)
  return length === -1 && ended ? bytes.size : length
}

/** So many bytes as hold whole characters, the first one whatever its size; -1 when its rest has yet to come. */
function wholeCharacters(
  encoding: BufferEncoding | undefined,
  bytes: ByteQueue,
  count: number,
  ended: boolean,
): number {
  if (encoding === undefined || count === 0) return count
  const unit = encoding.toLowerCase().replace('-', '')
  if (unit === 'utf16le' || unit === 'ucs2') return wholeUnits(bytes, count, 2, ended)
  if (unit !== 'utf8') return count
  // A character begins at no continuation byte (10xxxxxx).
  for (let cut = count; cut > count - 4 && cut > 0; cut--) {
    if (cut === bytes.size ? endsWhole(bytes, cut) : (bytes.byteAt(cut) & 0xc0) !== 0x80) return cut
  }
  if (count >= 4) return count
  for (let cut = count + 1; cut <= 4 && cut <= bytes.size; cut++) {
    if (cut === bytes.size ? endsWhole(bytes, cut) : (bytes.byteAt(cut) & 0xc0) !== 0x80) return cut
  }
  return ended || bytes.size > 4 ? count : -1
}

function wholeUnits(bytes: ByteQueue, count: number, unit: number, ended: boolean): number {
  const whole = count - (count % unit)
  if (whole > 0) return whole
  return bytes.size >= unit ? unit : ended ? count : -1
}

/** Whether the last character up to a place is there with all its bytes. */
function endsWhole(bytes: ByteQueue, end: number): boolean {
  for (let back = 1; back <= 4 && back <= end; back++) {
    const byte = bytes.byteAt(end - back)
    if ((byte & 0xc0) === 0x80) continue
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length <= back
  }
  return true
}
