// Bytes that have come and that nobody has taken yet: a queue of chunks.
//
//   chunks   [ - | . . a a | a a a a | a a ]      head: the first chunk in use; at: how much of it has been taken
//                 ^at
//
// Lines of text come out of `text`, the first chunk decoded as a whole, where each of its bytes is a character: a slice of a
// string costs a fraction of decoding it.
//
// What was taken and not consumed comes back to its old place, also when several come back in any order: `returned` holds
// the places of the chunks at the head that came back.

import { isAscii } from 'node:buffer'

const NEWLINE = 10
const BYTEWISE: ReadonlySet<string> = new Set(['latin1', 'binary'])
const ASCII_BASED: ReadonlySet<string> = new Set(['utf8', 'utf-8', 'ascii'])
const NONE: Buffer = Buffer.alloc(0)

/** Where bytes that were taken out lie. */
export interface Taken {
  chunk: Buffer
  start: number
  end: number
}

export class ByteQueue {
  /** How many bytes are in. */
  size = 0
  chunks: Buffer[] = []
  head = 0
  at = 0
  returned: number[] = []
  /** How many bytes have gone out for the first time: the place of the first byte that has not been out yet. */
  passed = 0
  /** How many chunks from the head on are known to hold no newline, and their bytes. */
  searched = 0
  searchedBytes = 0
  /** The chunk that was decoded, from which of its bytes on, and what that gave. */
  textChunk: Buffer = NONE
  textFrom = 0
  text = ''

  /** The place of the first byte. */
  get place(): number {
    return this.returned.length > 0 ? this.returned[0]! + this.at : this.passed
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.chunks.push(chunk)
    this.size += chunk.length
  }

  /** Takes out the first bytes, of which there must be so many, and says where they lie. */
  take(count: number, taken: Taken): void {
    if (count === 0) {
      taken.chunk = NONE
      taken.start = taken.end = 0
      return
    }
    if (this.searched > 0) this.forgetSearch()
    const first = this.chunks[this.head]!
    const start = this.at
    const end = start + count
    if (end > first.length) return this.gather(count, taken)
    taken.chunk = first
    taken.start = start
    taken.end = end
    this.advance(first, count)
  }

  /** Puts bytes back that were taken at a place. */
  putBack(bytes: Buffer, place: number): void {
    if (bytes.length === 0) return
    this.forgetSearch()
    this.trim()
    const { returned } = this
    let index = 0
    while (index < returned.length && returned[index]! < place) index++
    returned.splice(index, 0, place)
    this.chunks.splice(this.head + index, 0, bytes)
    this.size += bytes.length
  }

  /** Puts bytes in front of all others. */
  unshift(bytes: Buffer): void {
    this.putBack(bytes, this.place - bytes.length)
  }

  /** The length of the first line with its newline, at most `max`; -1 when its end has not come yet. */
  lineLength(max: number, encoding: BufferEncoding | undefined): number {
    const { chunks } = this
    if (encoding !== undefined && this.size > 0) {
      const first = chunks[this.head]!
      if (first !== this.textChunk) this.decode(first, encoding)
      const found = this.text.indexOf('\n', this.at - this.textFrom)
      if (found !== -1) return Math.min(found + 1 - this.at + this.textFrom, max)
    }
    let from = this.head + this.searched
    let before = this.searchedBytes
    for (; from < chunks.length && before < max; from++) {
      const chunk = chunks[from]!
      const start = from === this.head ? this.at : 0
      const found = chunk.indexOf(NEWLINE, start)
      if (found !== -1) return Math.min(before + found - start + 1, max)
      before += chunk.length - start
      this.searched = from - this.head + 1
      this.searchedBytes = before
    }
    return this.size >= max ? max : -1
  }

  /** The byte at an index. */
  byteAt(index: number): number {
    let at = this.at + index
    for (let chunk = this.head; ; chunk++) {
      const { length } = this.chunks[chunk]!
      if (at < length) return this.chunks[chunk]![at]!
      at -= length
    }
  }

  clear(): void {
    this.chunks.length = this.returned.length = 0
    this.head = this.at = this.size = 0
    this.textChunk = NONE
    this.text = ''
    this.forgetSearch()
  }

  /** What was taken: bytes, or text where there is an encoding. */
  pieceOf({ chunk, start, end }: Taken, encoding: BufferEncoding | undefined): Buffer | string {
    if (encoding === undefined) {
      if (start === 0 && end === chunk.length) return chunk
      return chunk.subarray(start, end) as Buffer
    }
    const { textFrom } = this
    if (chunk === this.textChunk && this.text !== '' && start >= textFrom)
      return this.text.slice(start - textFrom, end - textFrom)
    return chunk.toString(encoding, start, end)
  }

  /** @internal Decodes the first chunk, where its bytes are its characters. */
  decode(first: Buffer, encoding: BufferEncoding): void {
    this.textChunk = first
    this.textFrom = this.at
    const simple = BYTEWISE.has(encoding) || (ASCII_BASED.has(encoding) && isAscii(first))
    this.text = simple ? first.toString('latin1', this.at) : ''
  }

  /** @internal */
  gather(count: number, taken: Taken): void {
    const all = Buffer.allocUnsafe(count)
    for (let filled = 0; filled < count;) {
      const first = this.chunks[this.head]!
      const piece = Math.min(count - filled, first.length - this.at)
      first.copy(all, filled, this.at, this.at + piece)
      filled += piece
      this.advance(first, piece)
    }
    taken.chunk = all
    taken.start = 0
    taken.end = count
  }

  /** @internal */
  advance(first: Buffer, count: number): void {
    this.size -= count
    if (this.returned.length === 0) this.passed += count
    this.at += count
    if (this.at < first.length) return
    this.at = 0
    if (this.returned.length > 0) this.returned.shift()
    this.chunks[this.head++] = NONE
    if (this.head === this.chunks.length) this.chunks.length = this.head = 0
    else if (this.head >= 64 && this.head * 2 >= this.chunks.length) {
      this.chunks.splice(0, this.head)
      this.head = 0
    }
  }

  /** @internal Makes the first chunk begin at its first byte. */
  trim(): void {
    if (this.at === 0) return
    if (this.returned.length > 0) this.returned[0]! += this.at
    this.chunks[this.head] = this.chunks[this.head]!.subarray(this.at) as Buffer
    this.at = 0
  }

  /** @internal */
  forgetSearch(): void {
    this.searched = this.searchedBytes = 0
  }
}
