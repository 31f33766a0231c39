// The client of `greenhouse backdoor`: a terminal whose keys go to the backdoor and which shows what comes back. Lines are
// edited on the other side, where the names are that are to be completed.
import type { Duplex, Readable, Writable } from 'node:stream'
import type { AddressLike } from '@greenhouse/io'
import { wait, withTimeout, type Blocking, type Steps } from '@greenhouse/scheduler'
import { clientGreeting, clientWindowSize, escapeIac, TelnetReader } from '../core/telnet.ts'
import { connectBackdoor, type ConnectBackdoorOptions } from './connect.ts'

/** How the client talks to whoever sits before it. */
export interface BackdoorTerminalOptions extends ConnectBackdoorOptions {
  /** Where keys come from; stdin by default. */
  readonly input?: Readable & { isTTY?: boolean; setRawMode?(on: boolean): unknown }
  /** Where text goes; stdout by default. */
  readonly output?: Writable & { isTTY?: boolean; columns?: number; rows?: number }
  /** Whether the other side may use colours; by default unless `NO_COLOR` is set. */
  readonly colors?: boolean | undefined
}

/** Ctrl-], as in telnet: leaves even when the other side hears nothing. */
const ESCAPE = 0x1d

/**
 * Connects a terminal to a backdoor, until one of both hangs up. What comes from a pipe is sent as it is.
 *
 * Ended or timed out, the terminal is put back as it was.
 *
 * @param address - As for `parseAddress`.
 * @param options - `token`, `tls`, `input`, `output`, `colors`.
 * @returns nothing.
 * @throws as `connectBackdoor`.
 */
export function runBackdoorTerminal(
  address: AddressLike,
  options: BackdoorTerminalOptions = {},
): Blocking<void> {
  return withTimeout(Infinity, () => talk(address, options))
}

function* talk(address: AddressLike, options: BackdoorTerminalOptions): Steps<void> {
  const { input = process.stdin, output = process.stdout } = options
  const { colors = process.env['NO_COLOR'] === undefined, ...connecting } = options
  const stream = (yield* connectBackdoor(address, connecting)).toDuplex()
  const interactive = input.isTTY === true && output.isTTY === true
  let restore = () => {}
  try {
    const over = ended(stream)
    restore = interactive ? attach(stream, input, output, colors) : pipe(stream, input, output)
    yield* wait(over)
  } finally {
    restore()
    stream.destroy()
  }
}

type Input = NonNullable<BackdoorTerminalOptions['input']>
type Output = NonNullable<BackdoorTerminalOptions['output']>

function ended(stream: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('end', () => resolve())
    stream.once('close', () => resolve())
    stream.once('error', reject)
  })
}

function attach(stream: Duplex, input: Input, output: Output, colors: boolean): () => void {
  const { columns = 80, rows = 24 } = output
  const reader = new TelnetReader({
    data: (bytes) => void output.write(bytes),
    // What the other side says of its options was asked for.
    reply() {},
    interrupt() {},
    endOfFile() {},
    characterMode() {},
    windowSize() {},
    terminalType() {},
  })
  const type = colors ? (process.env['TERM'] ?? 'xterm') : 'dumb'
  const keys = (bytes: Buffer) => {
    if (bytes.includes(ESCAPE)) stream.destroy()
    else stream.write(escapeIac(bytes))
  }
  const resized = () =>
    void stream.write(clientWindowSize(output.columns ?? columns, output.rows ?? rows))
  output.write('(Ctrl-] leaves at once)\r\n')
  stream.on('data', (bytes: Buffer) => reader.feed(bytes))
  stream.write(clientGreeting(columns, rows, type))
  input.setRawMode?.(true)
  input.on('data', keys)
  input.resume()
  output.on('resize', resized)
  return () => {
    input.setRawMode?.(false)
    input.off('data', keys)
    input.pause()
    output.off('resize', resized)
    output.write('\r\n')
  }
}

function pipe(stream: Duplex, input: Input, output: Output): () => void {
  stream.on('data', (bytes: Buffer) => void output.write(bytes))
  input.pipe(stream)
  return () => {
    input.unpipe(stream)
    input.pause()
  }
}
