// What a session says: text for its client, with the ends of lines that the client wants, and never more of it in memory than
// the limit. A client that does not read is cut off.
import { Writable, type Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { escapeIac } from './telnet.ts'

export class SessionOutput extends Writable {
  readonly stream: Duplex
  readonly maxQueuedBytes: number
  /** Called when the client has left more unread than it may. */
  readonly overflowed: () => void
  /** A terminal in raw mode wants a carriage return with every line feed. */
  raw = false
  telnet = false
  columns = 80
  rows = 24
  /** How text that was cut within a character goes on. */
  readonly decoder: StringDecoder = new StringDecoder('utf8')

  constructor(stream: Duplex, maxQueuedBytes: number, overflowed: () => void) {
    super({ decodeStrings: false })
    this.stream = stream
    this.maxQueuedBytes = maxQueuedBytes
    this.overflowed = overflowed
  }

  /** Says something at once. */
  print(text: string): void {
    this.send(Buffer.from(this.raw ? text.replaceAll(/\r?\n/g, '\r\n') : text))
  }

  /** Sends bytes of the protocol as they are. */
  reply(bytes: Buffer): void {
    if (this.stream.destroyed || this.stream.writableEnded) return
    this.stream.write(bytes)
    if (this.stream.writableLength > this.maxQueuedBytes) this.overflowed()
  }

  resize(columns: number, rows: number): void {
    this.columns = columns
    this.rows = rows
    this.emit('resize')
  }

  send(bytes: Buffer): void {
    this.reply(this.telnet ? escapeIac(bytes) : bytes)
  }

  override _write(
    chunk: string | Buffer,
    encoding: BufferEncoding | 'buffer',
    done: (error?: Error | null) => void,
  ): void {
    if (typeof chunk !== 'string') this.print(this.decoder.write(chunk))
    else if (encoding === 'utf8' || (encoding as string) === 'buffer') this.print(chunk)
    else this.print(Buffer.from(chunk, encoding as BufferEncoding).toString())
    done()
  }
}
