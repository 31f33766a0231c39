// The telnet protocol (RFC 854, 855, 1143), as far as a line for people needs it. Clients that do not speak it, as nc, send
// no byte 255: for them all of this is nothing.

/** "Interpret as command": the byte that begins every command. */
export const IAC = 255
const DONT = 254
const DO = 253
const WONT = 252
const WILL = 251
const SB = 250
const ERASE_LINE = 248
const ERASE_CHARACTER = 247
const ARE_YOU_THERE = 246
const INTERRUPT = 244
const BREAK = 243
const SE = 240
const ABORT = 238
const END_OF_FILE = 236

const ECHO = 1
const SUPPRESS_GO_AHEAD = 3
const TIMING_MARK = 6
const TERMINAL_TYPE = 24
const WINDOW_SIZE = 31

/** What was said over the line. */
export interface TelnetSink {
  data(bytes: Buffer): void
  /** The client wants what runs to stop. */
  interrupt(): void
  endOfFile(): void
  /** The client lets this side echo and edit, character by character; or does so itself again. */
  characterMode(on: boolean): void
  windowSize(columns: number, rows: number): void
  terminalType(name: string): void
  /** Bytes to be sent back. */
  reply(bytes: Buffer): void
}

const LONGEST_SUBNEGOTIATION = 256

type State = 'data' | 'command' | 'option' | 'sub' | 'subCommand'

/** Takes commands out of the bytes of a client, however they are cut, and answers them. */
export class TelnetReader {
  readonly sink: TelnetSink
  state: State = 'data'
  verb = 0
  sub: number[] = []
  /** What the client was told of each option, so that nothing is said twice: a loop of answers cannot begin. */
  readonly mine: Map<number, boolean> = new Map()
  readonly theirs: Map<number, boolean> = new Map()

  constructor(sink: TelnetSink) {
    this.sink = sink
  }

  /** Whether the client has said anything in telnet. */
  get spoken(): boolean {
    return this.mine.size + this.theirs.size > 0
  }

  feed(chunk: Buffer): void {
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (this.state === 'data') {
        if (byte !== IAC) continue
        if (at > from) this.sink.data(chunk.subarray(from, at))
        this.state = 'command'
        continue
      }
      this.step(byte)
      from = at + 1
    }
    if (this.state === 'data' && from < chunk.length) this.sink.data(chunk.subarray(from))
  }

  step(byte: number): void {
    switch (this.state) {
      case 'command':
        this.state = 'data'
        if (byte >= WILL && byte <= DONT) {
          this.verb = byte
          this.state = 'option'
        } else if (byte === SB) {
          this.sub = []
          this.state = 'sub'
        } else if (byte === IAC) this.sink.data(Buffer.of(IAC))
        else this.command(byte)
        break
      case 'option':
        this.state = 'data'
        this.negotiate(this.verb, byte)
        break
      case 'sub':
        if (byte === IAC) this.state = 'subCommand'
        else this.collect(byte)
        break
      case 'subCommand':
        this.state = 'sub'
        if (byte === IAC) this.collect(IAC)
        else {
          // Anything but the end is malformed: the negotiation is over all the same.
          this.state = 'data'
          if (byte === SE) this.subnegotiation(this.sub)
          this.sub = []
        }
        break
      case 'data':
    }
  }

  collect(byte: number): void {
    if (this.sub.length < LONGEST_SUBNEGOTIATION) this.sub.push(byte)
  }

  command(code: number): void {
    if (code === INTERRUPT || code === BREAK || code === ABORT) this.sink.interrupt()
    else if (code === END_OF_FILE) this.sink.endOfFile()
    else if (code === ERASE_CHARACTER) this.sink.data(Buffer.of(0x7f))
    else if (code === ERASE_LINE) this.sink.data(Buffer.of(0x15))
    else if (code === ARE_YOU_THERE) this.sink.reply(Buffer.from('\r\n[yes]\r\n'))
  }

  negotiate(verb: number, option: number): void {
    const on = verb === DO || verb === WILL
    if (verb === DO || verb === DONT) {
      // A mark is no state: who asks waits for each answer.
      if (option === TIMING_MARK) {
        if (on) this.say(WILL, option)
        return
      }
      const can = option === ECHO || option === SUPPRESS_GO_AHEAD
      if (!this.agree(this.mine, option, on && can, on)) return
      this.say(on && can ? WILL : WONT, option)
      if (option === ECHO) this.becomeCharacterMode(on)
      return
    }
    const wanted = option === WINDOW_SIZE || option === TERMINAL_TYPE
    if (!this.agree(this.theirs, option, on && wanted, on)) return
    this.say(on && wanted ? DO : DONT, option)
    if (on && option === TERMINAL_TYPE) {
      this.sink.reply(Buffer.of(IAC, SB, TERMINAL_TYPE, 1, IAC, SE))
    }
  }

  becomeCharacterMode(on: boolean): void {
    if (on) {
      if (this.agree(this.mine, SUPPRESS_GO_AHEAD, true, true)) this.say(WILL, SUPPRESS_GO_AHEAD)
      for (const option of [WINDOW_SIZE, TERMINAL_TYPE]) {
        if (!this.theirs.has(option)) this.say(DO, option)
      }
    }
    this.sink.characterMode(on)
  }

  /** Notes what an option is from now on; false when that was said before. */
  agree(side: Map<number, boolean>, option: number, state: boolean, asked: boolean): boolean {
    const before = side.get(option)
    if (before === state) return false
    side.set(option, state)
    // An option that was never on need not be told that it is off.
    return asked || before === true
  }

  say(verb: number, option: number): void {
    this.sink.reply(Buffer.of(IAC, verb, option))
  }

  subnegotiation([option, ...bytes]: readonly number[]): void {
    if (option === WINDOW_SIZE && bytes.length === 4) {
      const [c1, c2, r1, r2] = bytes as [number, number, number, number]
      const columns = c1 * 256 + c2
      const rows = r1 * 256 + r2
      if (columns > 0) this.sink.windowSize(columns, rows)
    } else if (option === TERMINAL_TYPE && bytes[0] === 0) {
      this.sink.terminalType(Buffer.from(bytes.slice(1)).toString('latin1').toLowerCase())
    }
  }
}

/** Doubles the bytes that telnet would take for commands. */
export function escapeIac(bytes: Buffer): Buffer {
  if (!bytes.includes(IAC)) return bytes
  return Buffer.from(bytes.toString('latin1').replaceAll('\xff', '\xff\xff'), 'latin1')
}

/** What a client says at its start to be served character by character, with its size and kind. */
export function clientGreeting(columns: number, rows: number, type: string): Buffer {
  return Buffer.concat([
    Buffer.of(IAC, WILL, TERMINAL_TYPE, IAC, SB, TERMINAL_TYPE, 0),
    Buffer.from(type, 'latin1'),
    Buffer.of(IAC, SE, IAC, WILL, WINDOW_SIZE),
    clientWindowSize(columns, rows),
    Buffer.of(IAC, DO, ECHO, IAC, DO, SUPPRESS_GO_AHEAD),
  ])
}

/** How a client tells the size of its window. */
export function clientWindowSize(columns: number, rows: number): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt16BE(Math.min(columns, 65_535), 0)
  size.writeUInt16BE(Math.min(rows, 65_535), 2)
  return Buffer.concat([Buffer.of(IAC, SB, WINDOW_SIZE), escapeIac(size), Buffer.of(IAC, SE)])
}
