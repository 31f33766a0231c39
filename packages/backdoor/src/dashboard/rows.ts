// What the page knows of the greenlets: a row each, looked at in passes. A pass gives way every few hundred greenlets, so that
// ten thousand of them hold nobody up, and remembers what it saw, so that a frame carries only what has changed.
import type { Greenlet, GreenletState, Steps } from '@greenhouse/scheduler'
import { pause, statistics } from '@greenhouse/scheduler'
import { innermostWait, livingGreenlets } from '@greenhouse/scheduler/kernel'
import { shorten, type FrameText } from './frame-text.ts'
import type { Stopwatch } from './stopwatch.ts'
import type { Things } from './things.ts'

/** More greenlets than these are counted, and not shown. */
const MOST_ROWS = 20_000
/** So many are looked at in one go: about a fifth of a millisecond. */
const CHUNK = 256
/** Waits are stamped in whole milliseconds, and their age is rounded. */
const SAME_WAIT_MS = 2

const STATES: readonly GreenletState[] = ['ready', 'running', 'blocked', 'initial']

const DAEMON = 1

class Row {
  readonly id: number
  readonly parent: number
  name = ''
  state: GreenletState = 'initial'
  daemon = false
  /** What it waits for, innermost; empty while it does not. */
  kind = ''
  /** The number of the thing that it waits on; 0 for none. */
  thing = 0
  /** Since when, by the clock of the scheduler. */
  sinceMs = -1
  /** The pass that saw it last. */
  pass = 0

  constructor(greenlet: Greenlet) {
    this.id = greenlet.id
    this.parent = greenlet.parent?.id ?? -1
  }
}

/** The rows of all greenlets. */
export class Rows {
  readonly things: Things
  private readonly rows: Map<number, Row> = new Map()
  private pass = 0

  constructor(things: Things) {
    this.things = things
  }

  get size(): number {
    return this.rows.size
  }

  /** How many greenlets there are that have no row. */
  get hidden(): number {
    return Math.max(0, statistics().greenlets - this.rows.size)
  }

  /**
   * Looks at every greenlet, and writes the rows that have changed. The watch runs before and after, and stands while others run.
   */
  *look(text: FrameText, watch: Stopwatch): Steps<void> {
    const pass = ++this.pass
    const greenlets = livingGreenlets()
    const count = Math.min(greenlets.length, MOST_ROWS)
    this.things.beginPass()
    for (let i = 0; i < count; i++) {
      if (i % CHUNK === CHUNK - 1) {
        watch.stop()
        yield* pause()
        watch.start()
      }
      this.lookAt(greenlets[i]!, pass, text)
    }
    for (const row of this.rows.values()) {
      if (row.pass === pass) continue
      this.rows.delete(row.id)
      text.gone.push(row.id)
    }
  }

  /** Writes every row, as the last pass saw it. */
  writeAll(text: FrameText): void {
    for (const row of this.rows.values()) write(row, text)
  }

  private lookAt(greenlet: Greenlet, pass: number, text: FrameText): void {
    const { state, id, name } = greenlet
    // It may have finished since the pass began.
    if (!STATES.includes(state)) return
    let row = this.rows.get(id)
    const known = row !== undefined
    if (row === undefined) this.rows.set(id, (row = new Row(greenlet)))
    row.pass = pass
    let kind = ''
    let thing = 0
    let sinceMs = -1
    if (state === 'blocked' || state === 'running') {
      const wait = state === 'blocked' ? innermostWait(greenlet) : null
      if (wait !== null) {
        const { source } = wait
        kind = source.kind
        sinceMs = wait.sinceMs
        if (source.owner != null) thing = this.things.see(source.owner, kind)
      } else if (state === 'blocked') {
        // Work of a library that belongs to it; else a foreign promise, of which nothing is known.
        kind = greenlet.blockedOn[0]?.kind ?? 'promise'
      }
    }
    const same =
      known &&
      row.state === state &&
      row.kind === kind &&
      row.thing === thing &&
      row.name === name &&
      Math.abs(row.sinceMs - sinceMs) <= SAME_WAIT_MS
    if (same) return
    row.state = state
    row.kind = kind
    row.thing = thing
    row.name = name
    row.sinceMs = sinceMs
    row.daemon = greenlet.daemon
    write(row, text)
  }
}

/** `[id, parent, name, state, flags, kind, thing, sinceMs]`, with texts as their numbers in the frame. */
function write(row: Row, text: FrameText): void {
  const { id, parent, name, state, daemon, kind, thing, sinceMs } = row
  const numbers = `${text.number(shorten(name))},${STATES.indexOf(state)},${daemon ? DAEMON : 0},${text.number(kind)}`
  text.rows.push(`[${id},${parent},${numbers},${thing},${Math.round(sinceMs)}]`)
}
