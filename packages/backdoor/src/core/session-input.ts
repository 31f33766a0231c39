// What a client types, cut into pieces that are handed on one at a time: a line each, or the keys up to the end of one. While
// something runs the rest waits, but for Ctrl-C, which is heard at once.
import { StringDecoder } from 'node:string_decoder'

const INTERRUPT = '\x03'
const END = '\x04'
/** What ends a piece. */
const ENDS = new RegExp(`[\r${INTERRUPT}${END}]`)

/** Who is told. */
export interface InputSink {
  /** Whether pieces have to wait now. */
  readonly busy: boolean
  /** Whether keys are handed on as they come, with Ctrl-C and Ctrl-D among them. */
  readonly characters: boolean
  /** A line without its end; or keys, of which the last may be a carriage return. */
  piece(text: string): void
  /** Ctrl-C while something runs, or in a line. */
  interrupted(): void
  /** Ctrl-D, or the client says no more. What came before has been handed on. */
  ended(): void
  /** A line longer than may be. */
  tooLong(): void
  /** More was typed ahead than may wait: nothing more is to be read until `release`. */
  hold(): void
  release(): void
}

export class SessionInput {
  readonly sink: InputSink
  readonly maxLength: number
  readonly decoder: StringDecoder = new StringDecoder('utf8')
  /** Typed, and not handed on. */
  text = ''
  /** Whether a line feed or zero that comes now belongs to the carriage return before it. */
  afterReturn = false
  closing = false
  over = false
  draining = false
  held = false

  constructor(sink: InputSink, maxLength: number) {
    this.sink = sink
    this.maxLength = maxLength
  }

  /** Takes what came. */
  feed(bytes: Buffer): void {
    if (this.closing || this.over) return
    this.text += this.normalized(this.decoder.write(bytes))
    if (this.sink.busy) this.hearInterrupts()
    this.drain()
    if (this.text.length <= this.maxLength) return
    if (this.sink.busy) {
      this.held = true
      return this.sink.hold()
    }
    this.stop()
    this.sink.tooLong()
  }

  /** The client says no more: what waits is handed on, then it is over. */
  end(): void {
    this.closing = true
    this.drain()
  }

  /** Takes no more. */
  stop(): void {
    this.over = true
    this.text = ''
  }

  /** Hands on what may be handed on. */
  drain(): void {
    if (this.draining) return
    this.draining = true
    try {
      while (!this.sink.busy && !this.over && this.handOn());
    } finally {
      this.draining = false
    }
    if (!this.held || this.text.length > this.maxLength) return
    this.held = false
    this.sink.release()
  }

  /** Hands on one piece; false when there is none. */
  handOn(): boolean {
    const { text } = this
    if (this.sink.characters) {
      if (text === '') return this.finish()
      const end = ENDS.exec(text)
      const length = end === null ? text.length : end.index + 1
      this.text = text.slice(length)
      this.sink.piece(text.slice(0, length))
      return true
    }
    const end = ENDS.exec(text)
    if (end === null) {
      if (!this.closing) return false
      if (text === '') return this.finish()
      this.text = ''
      this.sink.piece(text)
      return true
    }
    const line = text.slice(0, end.index)
    this.text = text.slice(end.index + 1)
    if (end[0] === INTERRUPT) this.sink.interrupted()
    else if (end[0] === END) {
      this.over = true
      this.sink.ended()
    } else this.sink.piece(line)
    return true
  }

  finish(): boolean {
    if (!this.closing) return false
    this.over = true
    this.sink.ended()
    return false
  }

  /** What was typed ahead of a Ctrl-C is forgotten with it, as a terminal does. */
  hearInterrupts(): void {
    const at = this.text.lastIndexOf(INTERRUPT)
    if (at === -1) return
    this.text = this.text.slice(at + 1)
    this.sink.interrupted()
  }

  /** Every end of a line, CR LF, CR NUL, CR and LF, becomes a carriage return. */
  normalized(text: string): string {
    let rest = text
    if (this.afterReturn && /^[\n\0]/.test(rest)) rest = rest.slice(1)
    if (text !== '') this.afterReturn = text.endsWith('\r')
    return rest.replaceAll(/\r[\n\0]|\n/g, '\r')
  }
}
