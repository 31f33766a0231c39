// One connection: who it is, what it says and hears, and the greenlet that runs for it right now. What interprets its lines,
// a REPL or the commands alone, stands behind it.
import type { Duplex } from 'node:stream'
import { end, schedule, scheduleException, type Greenlet } from '@greenhouse/scheduler'
import { Event } from '@greenhouse/util'
import type { Permission } from '../security/permissions.ts'
import { peerKey, type TokenGate } from '../security/token.ts'
import { logInfo, logWarning } from '../security/log.ts'
import { hangUp } from './hang-up.ts'
import { Interrupted } from './interrupted.ts'
import { runRouted, startRouting, type Outlet } from './routing.ts'
import { SessionInput, type InputSink } from './session-input.ts'
import { SessionOutput } from './session-output.ts'
import { TelnetReader, type TelnetSink } from './telnet.ts'

/** What makes sense of what is typed. */
export interface Interpreter {
  /** A piece, as `InputSink` has it. */
  feed(piece: string): void
  /** Ctrl-C while nothing runs. */
  interrupt(): void
  /** A mishap that is none of the running expression's. */
  stray(error: unknown): void
  close(): void
}

/** How a session is run. */
export interface SessionSettings {
  readonly gate: TokenGate | null
  readonly permissions: ReadonlySet<Permission>
  readonly banner: string
  readonly maxLineLength: number
  readonly maxQueuedBytes: number
  /** Asked once somebody has authenticated: a reason to refuse, or null. */
  readonly admit: (session: Session) => string | null
  readonly interpret: (session: Session) => Interpreter
}

/** How long an interrupted expression has to end by itself before its prompt comes back, in milliseconds. */
const GRACE_MS = 100
/** How many tokens may be tried over one connection. */
const TOKENS_PER_CONNECTION = 3

export class Session implements Outlet, InputSink, TelnetSink {
  readonly settings: SessionSettings
  readonly stream: Duplex
  readonly host: string | undefined
  /** Who it is, for people. */
  readonly peer: string
  readonly output: SessionOutput
  readonly input: SessionInput
  readonly telnet: TelnetReader
  readonly closed: Event = new Event()
  /** Whether it was let in, or is over. */
  readonly settled: Event = new Event()
  admitted = false
  interpreter: Interpreter | null = null
  /** What runs now: its greenlet, and what gives the prompt back without it. */
  running: { greenlet: Greenlet; patient: boolean; abandon: (error: Error) => void } | null = null
  /** Whether this side edits and echoes. */
  terminal = false
  colors = false
  open = true
  tokensTried = 0
  stopRouting: (() => void) | null = null

  constructor(stream: Duplex, host: string | undefined, settings: SessionSettings) {
    this.stream = stream
    this.peer = host ?? 'the local machine'
    this.settings = settings
    this.host = host
    this.output = new SessionOutput(stream, settings.maxQueuedBytes, () =>
      this.drop('does not read what it is sent'),
    )
    this.input = new SessionInput(this, settings.maxLineLength)
    this.telnet = new TelnetReader(this)
  }

  /** Begins to listen to the client. */
  start(): void {
    const { stream } = this
    stream.on('data', (chunk: Buffer) => this.telnet.feed(chunk))
    stream.on('end', () => {
      // Of a terminal nobody is left; who pipes lines in may have said all, and still want the answers.
      if (this.terminal) this.close()
      else this.input.end()
    })
    stream.on('error', () => this.close())
    stream.on('close', () => this.close())
    if (stream.destroyed) return this.close()
    if (this.settings.gate === null) this.admit()
    else this.output.print('Token: ')
  }

  /** Ends the session: what runs for it is ended, and the connection closed when what was said is out. */
  close(farewell?: string): void {
    if (!this.open) return
    this.open = false
    this.input.stop()
    if (farewell !== undefined) this.output.print(`${farewell}\n`)
    if (this.running !== null) end(this.running.greenlet)
    this.running = null
    this.interpreter?.close()
    this.stopRouting?.()
    hangUp(this.stream)
    if (this.admitted) logInfo(`Session of ${this.peer} ended`)
    this.settled.set()
    this.closed.set()
  }

  /** Cuts off a client that breaks a rule. */
  drop(why: string): void {
    if (!this.open) return
    logWarning(`The backdoor cut off ${this.peer}, which ${why}`)
    this.close()
    this.stream.destroy()
  }

  /**
   * Runs something in a greenlet of its own; `done` hears of it once, at its end or when it was interrupted. What is patient
   * is waited for even then: it ends by itself.
   */
  run(
    name: string,
    body: () => Promise<unknown>,
    done: (error: unknown, value?: unknown) => void,
    patient: boolean = false,
  ): void {
    const finish = (error: unknown, value?: unknown) => {
      if (this.running?.greenlet !== greenlet) return
      this.running = null
      if (this.open) done(error, value)
      this.input.drain()
    }
    const greenlet = runRouted(this, () =>
      schedule(async () => {
        try {
          finish(null, await body())
        } catch (error) {
          finish(error)
        }
      }),
    )
    greenlet.name = name
    this.running = { greenlet, patient, abandon: finish }
  }

  get busy(): boolean {
    return this.running !== null
  }

  /** A token is not edited, and never echoed. */
  get characters(): boolean {
    return this.terminal && this.interpreter !== null
  }

  // What the client says, in telnet and in plain.

  data(bytes: Buffer): void {
    this.input.feed(bytes)
  }

  reply(bytes: Buffer): void {
    this.output.telnet = true
    this.output.reply(bytes)
  }

  endOfFile(): void {
    this.input.end()
  }

  interrupt(): void {
    this.interrupted()
  }

  characterMode(on: boolean): void {
    if (this.terminal === on) return
    this.terminal = on
    this.output.raw = on
    this.colors ||= on
    if (this.interpreter !== null) this.renew()
  }

  windowSize(columns: number, rows: number): void {
    this.output.resize(columns, rows)
  }

  terminalType(name: string): void {
    this.colors = this.terminal && name !== 'dumb'
  }

  piece(text: string): void {
    if (this.interpreter !== null) return this.interpreter.feed(text)
    this.token(text)
  }

  interrupted(): void {
    const { running } = this
    if (running === null) {
      if (this.interpreter === null) this.close()
      else this.interpreter.interrupt()
      return
    }
    const error = new Interrupted()
    if (running.greenlet.state === 'initial') {
      end(running.greenlet)
      return running.abandon(error)
    }
    scheduleException(error, running.greenlet)
    if (running.patient) return
    const timer = setTimeout(() => {
      if (this.running !== running) return
      // It waits for something that knows nothing of interruptions.
      this.running = null
      this.output.print('Interrupted; what ran goes on until its next wait\n')
      this.renew()
      this.input.drain()
    }, GRACE_MS)
    timer.unref()
  }

  ended(): void {
    this.close()
  }

  tooLong(): void {
    this.output.print(`\nA line of more than ${this.settings.maxLineLength} characters.\n`)
    this.drop('sent a line that is too long')
  }

  hold(): void {
    this.stream.pause()
  }

  release(): void {
    this.stream.resume()
  }

  // What code of the session does.

  write(chunk: string | Uint8Array, encoding?: BufferEncoding): void {
    if (this.open) this.output.write(chunk, encoding ?? 'utf8')
  }

  stray(error: unknown): void {
    this.interpreter?.stray(error)
  }

  /** A new interpreter in place of one that cannot go on. */
  renew(): void {
    if (!this.open) return
    this.interpreter?.close()
    this.interpreter = this.settings.interpret(this)
  }

  admit(): void {
    const refusal = this.settings.admit(this)
    if (refusal !== null) return this.close(refusal)
    logInfo(`Session of ${this.peer} began`)
    this.stopRouting = startRouting()
    this.admitted = true
    this.settled.set()
    this.output.print(`${this.settings.banner}\n`)
    this.renew()
  }

  token(given: string): void {
    const gate = this.settings.gate!
    const verdict = gate.judge(given.replace(/\r$/, ''), peerKey(this.host))
    if (verdict === 'passed') return this.admit()
    if (verdict === 'locked') return this.close('Too many wrong tokens. Try later.')
    logWarning(`The backdoor was given a wrong token by ${this.peer}`)
    if (++this.tokensTried >= TOKENS_PER_CONNECTION) return this.close('Wrong token.')
    this.output.print('Wrong token.\nToken: ')
  }
}
