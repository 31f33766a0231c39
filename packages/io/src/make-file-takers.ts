// The ways in which a file over a socket takes bytes.
import { NOT_YET, type Inbox, type Taker } from './socket-inbox.ts'

type Encoding = BufferEncoding | undefined

/** What these takers share: the bytes last taken, by which their value can go back, and its form. */
abstract class FileTaker implements Taker {
  abstract readonly kind: string
  readonly encoding: Encoding
  bytes: Buffer | null = null

  constructor(encoding: Encoding) {
    this.encoding = encoding
  }

  abstract take(inbox: Inbox): unknown
  abstract takeLast(inbox: Inbox): unknown

  bytesOf(): Uint8Array {
    return this.bytes!
  }

  taken(inbox: Inbox, count: number): Buffer | string {
    const bytes = inbox.takeExactly(count)
    this.bytes = bytes
    return this.encoding === undefined ? bytes : bytes.toString(this.encoding)
  }
}

/** Takes a number of bytes, fewer at the end. */
export class ReadTaker extends FileTaker {
  readonly size: number

  constructor(size: number, encoding: Encoding) {
    super(encoding)
    this.size = size
  }

  get kind(): string {
    return 'SocketFile.read'
  }

  take(inbox: Inbox): unknown {
    return inbox.size >= this.size ? this.taken(inbox, this.size) : NOT_YET
  }

  takeLast(inbox: Inbox): unknown {
    return this.taken(inbox, inbox.size)
  }
}

/** Takes one line. */
export class LineTaker extends FileTaker {
  readonly most: number
  /** How much was searched for a newline already; valid while nothing was put back in front. */
  searched = 0
  turn = 0

  constructor(most: number, encoding: Encoding) {
    super(encoding)
    this.most = most
  }

  get kind(): string {
    return 'SocketFile.readline'
  }

  take(inbox: Inbox): unknown {
    const length = this.lineLength(inbox)
    return length === -1 ? NOT_YET : this.taken(inbox, length)
  }

  takeLast(inbox: Inbox): unknown {
    return this.taken(inbox, inbox.size)
  }

  lineLength(inbox: Inbox): number {
    const from = this.turn === inbox.unreads ? this.searched : 0
    const length = inbox.find(NEWLINE, from)
    this.searched = inbox.size
    this.turn = inbox.unreads
    if (length !== -1) return Math.min(length, this.most)
    return inbox.size >= this.most ? this.most : -1
  }
}

/** Takes one line, in the form of iteration. */
export class NextLineTaker extends LineTaker {
  constructor(encoding: Encoding) {
    super(Infinity, encoding)
  }

  override get kind(): string {
    return 'SocketFile.next'
  }

  override take(inbox: Inbox): unknown {
    const line = super.take(inbox)
    return line === NOT_YET ? NOT_YET : { done: false, value: line }
  }

  override takeLast(inbox: Inbox): unknown {
    const some = inbox.size > 0
    const value = this.taken(inbox, inbox.size)
    return some ? { done: false, value } : { done: true, value: undefined }
  }
}

/** Takes everything up to the end, in lines. */
export class LinesTaker extends FileTaker {
  get kind(): string {
    return 'SocketFile.readlines'
  }

  take(): unknown {
    return NOT_YET
  }

  takeLast(inbox: Inbox): unknown {
    const bytes = inbox.takeExactly(inbox.size)
    this.bytes = bytes
    const lines: (Buffer | string)[] = []
    for (let at = 0; at < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, at)
      const end = newline === -1 ? bytes.length : newline + 1
      const line = bytes.subarray(at, end)
      lines.push(this.encoding === undefined ? line : line.toString(this.encoding))
      at = end
    }
    return lines
  }
}

const NEWLINE = 10
