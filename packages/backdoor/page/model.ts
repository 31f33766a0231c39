// What the page knows: greenlets with their recent past, things, figures. Frames change it; the view reads it and is told that
// it has changed.
import { familyOf, READY } from './families.ts'

/** So many frames are kept of each greenlet: two minutes of half seconds. */
export const KEPT = 240

export type State = 'ready' | 'running' | 'blocked' | 'initial'
const STATES: readonly State[] = ['ready', 'running', 'blocked', 'initial']

export interface Greenlet {
  readonly id: number
  readonly parent: number
  name: string
  state: State
  daemon: boolean
  /** What it waits for; empty while it does not. */
  kind: string
  /** The thing that it waits on; 0 for none. */
  thing: number
  sinceMs: number
  /** The family of its wait in each frame plus 1; 0 where it was not seen. */
  readonly past: Uint8Array
  /** How much of the time before each frame that wait had lasted, of 255. */
  readonly lasted: Uint8Array
  seen: number
}

export interface Thing {
  readonly id: number
  readonly kind: string
  readonly name?: string
  readonly statistics: Readonly<Record<string, unknown>>
  readonly holder?: number | null
}

export interface Hello {
  readonly pid: number
  readonly node: string
  readonly title: string
  readonly upSeconds: number
  readonly allowed: readonly string[]
  readonly login: boolean
}

export interface Frame {
  readonly frame: number
  readonly whole?: true
  readonly nowMs: number
  readonly hidden: number
  /** Milliseconds that the process spent on the frame before. */
  readonly tookMs: number
  readonly figures: readonly number[]
  readonly history?: readonly (readonly number[])[]
  readonly things?: readonly Thing[]
  readonly strings: readonly string[]
  readonly rows: readonly (readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ])[]
  readonly gone: readonly number[]
}

/** The state of the process, as far as it has been told. */
export class Model {
  hello: Hello | null = null
  readonly greenlets: Map<number, Greenlet> = new Map()
  readonly things: Map<number, Thing> = new Map()
  /** Columns, as the plots want them: the first is the time in seconds. */
  readonly series: number[][] = Array.from({ length: 10 }, () => [])
  /** The moments of the frames, by the clock of the scheduler; a ring. */
  readonly momentsMs: Float64Array = new Float64Array(KEPT)
  /** The number of frames taken. */
  frames = 0
  nowMs = 0
  hidden = 0
  tookMs = 0

  greet(hello: Hello): void {
    if (this.hello !== null && this.hello.pid !== hello.pid) this.forget()
    this.hello = hello
  }

  take(frame: Frame): void {
    const slot = this.frames++ % KEPT
    const lastMs = this.nowMs
    this.nowMs = frame.nowMs
    this.hidden = frame.hidden
    this.tookMs = frame.tookMs
    this.momentsMs[slot] = frame.nowMs
    for (const row of frame.rows) this.takeRow(row, frame.strings)
    for (const id of frame.gone) this.greenlets.delete(id)
    if (frame.whole) {
      for (const { id, seen } of this.greenlets.values()) {
        if (seen !== this.frames) this.greenlets.delete(id)
      }
    }
    this.remember(slot, lastMs)
    if (frame.things !== undefined) {
      this.things.clear()
      for (const thing of frame.things) this.things.set(thing.id, thing)
    }
    if (frame.history !== undefined) {
      for (const column of this.series) column.length = 0
      for (const figures of frame.history) this.plot(figures)
    } else this.plot(frame.figures)
  }

  /** The newest value of a column of the series. */
  latest(column: number): number {
    return this.series[column]!.at(-1) ?? 0
  }

  private takeRow(row: Frame['rows'][number], strings: readonly string[]): void {
    const [id, parent, name, state, flags, kind, thing, sinceMs] = row
    let greenlet = this.greenlets.get(id)
    if (greenlet === undefined) {
      const past = new Uint8Array(KEPT)
      const lasted = new Uint8Array(KEPT)
      const rest = { name: '', state: 'initial' as State, kind: '', daemon: false }
      greenlet = { id, parent, ...rest, thing: 0, sinceMs, past, lasted, seen: 0 }
      this.greenlets.set(id, greenlet)
    }
    greenlet.name = strings[name]!
    greenlet.state = STATES[state]!
    greenlet.daemon = (flags & 1) !== 0
    greenlet.kind = strings[kind]!
    greenlet.thing = thing
    greenlet.sinceMs = sinceMs
    greenlet.seen = this.frames
  }

  /** Notes what each greenlet does now in its past. */
  private remember(slot: number, lastMs: number): void {
    const spanMs = Math.max(1, this.nowMs - lastMs)
    for (const { past, lasted, kind, state, sinceMs } of this.greenlets.values()) {
      const waits = state === 'blocked'
      past[slot] = state === 'initial' ? 0 : 1 + (waits ? familyOf(kind) : READY)
      const share = waits && sinceMs >= 0 ? (this.nowMs - sinceMs) / spanMs : 0
      lasted[slot] = Math.min(255, Math.max(0, share * 255))
    }
  }

  private plot([wallMs, ...values]: readonly number[]): void {
    const [seconds, ...columns] = this.series
    seconds!.push(wallMs! / 1000)
    columns.forEach((column, i) => column.push(values[i]!))
    if (seconds!.length > 1200) for (const column of this.series) column.shift()
  }

  private forget(): void {
    this.greenlets.clear()
    this.things.clear()
    this.frames = this.nowMs = 0
    this.momentsMs.fill(0)
  }
}
