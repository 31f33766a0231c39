// `greenhouse top`: asks a backdoor for snapshots, and draws each over the last.
import type { AddressLike, Socket } from '@greenhouse/io'
import { withTimeout, type Blocking, type Steps } from '@greenhouse/scheduler'
import { connectBackdoor } from '../client/connect.ts'
import type { BackdoorTerminalOptions } from '../client/terminal.ts'
import { printable } from '../commands/table.ts'
import { renderTop, type TopOrder } from './render.ts'
import type { Snapshot } from './snapshot.ts'

/** How `runTop` shows a process. */
export interface TopOptions extends BackdoorTerminalOptions {
  /** How long each look takes, in milliseconds, 1000 by default. */
  readonly intervalMs?: number | undefined
  /** Shows one look, as plain lines, and ends. */
  readonly once?: boolean | undefined
  /** By what the greenlets are sorted at first; "run" by default. */
  readonly order?: TopOrder | undefined
}

const KEYS: Readonly<Record<string, TopOrder>> = { r: 'run', w: 'wait', s: 'switches', i: 'id' }
const QUITS = ['q', '\x03', '\x04']
const HELP = 'q quits; sort by r run, w wait, s switches, i id'

/**
 * Shows how a process does, live: its event loop, its pools, and its greenlets by the time that they run.
 *
 * Ended, aborted, or with `q`, the terminal is put back as it was.
 *
 * @param address - Of a backdoor.
 * @param options - `intervalMs`, `once`, `order`, `token`, `tls`, `input`, `output`, `colors`.
 * @returns nothing.
 * @throws as `connectBackdoor`; {GH_CLOSED} when the process hangs up.
 */
export function runTop(address: AddressLike, options: TopOptions = {}): Blocking<void> {
  return withTimeout(Infinity, () => watch(address, options))
}

function* watch(address: AddressLike, options: TopOptions): Steps<void> {
  const { input = process.stdin, output = process.stdout, intervalMs = 1000 } = options
  const { colors = process.env['NO_COLOR'] === undefined, ...connecting } = options
  const once = options.once === true || output.isTTY !== true
  let { order = 'run' } = options
  const socket = yield* connectBackdoor(address, connecting)
  let last: Snapshot | null = null
  const draw = () => {
    if (last === null) return
    const { columns = 80, rows = 24 } = output
    const lines = renderTop(last, { columns, rows, colors, order })
    const erase = '\x1b[K'
    output.write(`\x1b[H${[...lines.slice(0, rows - 1), HELP].join(`${erase}\r\n`)}${erase}\x1b[J`)
  }
  const keys = (bytes: Buffer) => {
    const key = bytes.toString('latin1')
    if (QUITS.includes(key)) return socket.close()
    order = KEYS[key] ?? order
    draw()
  }
  if (!once) {
    output.write('\x1b[?1049h\x1b[?25l')
    input.setRawMode?.(true)
    input.on('data', keys)
    input.resume()
    output.on('resize', draw)
  }
  try {
    for (;;) {
      last = yield* nextSnapshot(socket, intervalMs)
      if (once) {
        const screen = { columns: output.columns ?? 120, rows: 60, colors: false, order }
        output.write(`${renderTop(last, screen).join('\n')}\n`)
        return
      }
      draw()
    }
  } catch (error) {
    // Closed by a key.
    if (!socket.closed || (error as { code?: unknown }).code !== 'GH_CLOSED') throw error
  } finally {
    socket.close()
    if (!once) {
      input.setRawMode?.(false)
      input.off('data', keys)
      input.pause()
      output.off('resize', draw)
      output.write('\x1b[?25h\x1b[?1049l')
    }
  }
}

/** Asks for a snapshot, and reads up to its end. */
export function* nextSnapshot(socket: Socket, intervalMs: number): Steps<Snapshot> {
  yield* socket.sendAll(Buffer.from(`.snapshot ${intervalMs}\n`))
  const lines = socket.makeFile('r', { encoding: 'utf8' })
  for (;;) {
    const line = yield* lines.readline()
    if (line === '') throw new Error('The process hung up')
    const at = line.indexOf('{"version":1,')
    if (at !== -1) return JSON.parse(line.slice(at)) as Snapshot
    if (/Invalid REPL keyword|evaluates nothing/.test(line)) {
      throw new Error(`The other side is no backdoor that shows itself: ${printable(line.trim())}`)
    }
  }
}
