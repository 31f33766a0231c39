// What can be asked of buffered bytes. A request takes nothing until it can be answered in full, so one that is withdrawn
// loses nothing; an answer that nobody consumed is put back.
import type { Operation } from '@greenhouse/scheduler/kernel'
import type { ByteQueue, Taken } from './buffered-bytes.ts'
import type { Request } from './buffered-line.ts'

/** To whom a request is made. */
export interface Keeper {
  /** The request is given up. */
  withdraw(operation: Operation): void
  /** The answer was not consumed. */
  takeBack(request: ReadRequest): void
}

const NOTHING: Buffer = Buffer.alloc(0)

export abstract class ReadRequest implements Request, Taken {
  readonly kind: string
  /** Whom it was made to. */
  keeper: Keeper | null = null
  readonly encoding: BufferEncoding | undefined
  /** The answer's bytes, and where they stood. */
  chunk: Buffer = NOTHING
  start = 0
  end = 0
  place = 0
  epoch = 0
  /** Whether the source had nothing more, for this request. */
  ended = false

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

  /** The answer's bytes. */
  get taken(): Buffer {
    const { chunk, start, end } = this
    return start === 0 && end === chunk.length ? chunk : (chunk.subarray(start, end) as Buffer)
  }

  /** Takes the answer's bytes, and makes the answer. */
  answer(bytes: ByteQueue, count: number): unknown {
    this.place = bytes.place
    bytes.take(count, this)
    return this.make(bytes)
  }

  make(bytes: ByteQueue): unknown {
    return bytes.pieceOf(this, this.encoding)
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

  override make(): number {
    const { taken } = this
    this.target.set(taken)
    return taken.length
  }
}

export class ReadLine extends ReadRequest {
  readonly max: number

  constructor(kind: string, encoding: BufferEncoding | undefined, max: number) {
    super(kind, encoding)
    this.max = max
  }

  count(bytes: ByteQueue, ended: boolean): number {
    return lineLength(bytes, this.max, this.encoding, ended)
  }
}

/** A line as an iterator gives it. */
export class NextLine extends ReadRequest {
  count(bytes: ByteQueue, ended: boolean): number {
    return lineLength(bytes, Infinity, this.encoding, ended)
  }

  override make(bytes: ByteQueue): IteratorResult<unknown, undefined> {
    if (this.end === 0) return { done: true, value: undefined }
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

  override make(): unknown[] {
    const { encoding, taken } = this
    return encoding === undefined ? splitBytes(taken) : splitText(taken, encoding)
  }
}

function splitBytes(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0, end: number; start < bytes.length; start = end) {
    end = bytes.indexOf(10, start) + 1 || bytes.length
    lines.push(bytes.subarray(start, end) as Buffer)
  }
  return lines
}

/** Decodes many lines at a time, but not more than a string can hold. */
function splitText(bytes: Buffer, encoding: BufferEncoding): string[] {
  const lines: string[] = []
  for (let start = 0, end: number; start < bytes.length; start = end) {
    end = start + 65536
    if (end < bytes.length) end = bytes.lastIndexOf(10, end - 1) + 1
    if (end <= start) end = bytes.indexOf(10, start) + 1 || bytes.length
    const text = bytes.toString(encoding, start, Math.min(end, bytes.length))
    for (let from = 0, to: number; from < text.length; from = to) {
      to = text.indexOf('\n', from) + 1 || text.length
      lines.push(text.slice(from, to))
    }
  }
  return lines
}

function lineLength(
  bytes: ByteQueue,
  max: number,
  encoding: BufferEncoding | undefined,
  ended: boolean,
): number {
  const length = bytes.lineLength(max, encoding)
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
