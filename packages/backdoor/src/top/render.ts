// The screen of `greenhouse top`: a snapshot as lines of text, as wide and as many as there is room for.
import { styleText } from 'node:util'
import { printable, table } from '../commands/table.ts'
import type { Snapshot, SnapshotGreenlet } from './snapshot.ts'

/** By what the greenlets are sorted. */
export type TopOrder = 'run' | 'wait' | 'switches' | 'id'

/** How there is room, and for what. */
export interface TopScreen {
  readonly columns: number
  readonly rows: number
  readonly colors: boolean
  readonly order: TopOrder
}

const MOST_THINGS = 8

/** Writes the screen, a line each. */
export function renderTop(snapshot: Snapshot, screen: TopScreen): string[] {
  const { columns, rows, colors, order } = screen
  const style = (format: Parameters<typeof styleText>[0], text: string): string =>
    colors
      ? (styleText as (...args: unknown[]) => string)(format, text, { validateStream: false })
      : text
  const cut = (line: string) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line)
  const head = summary(snapshot).map(cut)
  const things = snapshot.things
    .slice(0, Math.min(MOST_THINGS, Math.floor(rows / 4)))
    .map(({ kind, name, figures }) =>
      cut(`${printable(`${kind} ${name}`.trim())}: ${printable(figures)}`),
    )
  const room = Math.max(1, rows - head.length - things.length - 3)
  const [titles = '', ...lines] = greenletTable(sorted(snapshot.greenlets, order).slice(0, room))
  const total = Object.values(snapshot.states).reduce((sum, count) => sum + count, 0)
  const more = total - lines.length
  return [
    ...head.map((line, index) => (index === 0 ? style('bold', line) : line)),
    ...things.map((line) => style('cyan', line)),
    '',
    style('inverse', cut(titles).padEnd(columns)),
    ...lines.map((line, index) => {
      const row = sorted(snapshot.greenlets, order)[index]
      return row !== undefined && row.run > 0.2 ? style('red', cut(line)) : cut(line)
    }),
    ...(more > 0 ? [style('gray', `… and ${more} more`)] : []),
  ]
}

function summary(snapshot: Snapshot): string[] {
  const states = Object.entries(snapshot.states).map(([state, count]) => `${count} ${state}`)
  return [
    `process ${snapshot.pid}, Node ${snapshot.node}, up ${duration(snapshot.uptimeMs)}`,
    `loop: ${percent(snapshot.busy)} busy, lag ${snapshot.lagMeanMs.toFixed(1)} ms, longest ${snapshot.lagMaxMs.toFixed(1)} ms; ` +
      `${snapshot.switchesPerSecond} switches/s, ${snapshot.ready} ready`,
    `memory: heap ${megabytes(snapshot.heapBytes)}, resident ${megabytes(snapshot.residentBytes)}`,
    `greenlets: ${states.join(', ')}`,
  ]
}

function greenletTable(rows: readonly SnapshotGreenlet[]): string[] {
  return table(
    ['id', 'run', 'switches', 'waited', 'state', 'name', 'waits for'],
    rows.map(({ id, run, switches, waitMs, state, name, wait }) => [
      id,
      percent(run).padStart(6),
      switches,
      wait === null ? '' : duration(waitMs).padStart(7),
      state,
      printable(name).slice(0, 32),
      wait,
    ]),
  ).split('\n')
}

function sorted(rows: readonly SnapshotGreenlet[], order: TopOrder): SnapshotGreenlet[] {
  const by: Record<TopOrder, (a: SnapshotGreenlet, b: SnapshotGreenlet) => number> = {
    run: (a, b) => b.run - a.run || b.waitMs - a.waitMs,
    wait: (a, b) => b.waitMs - a.waitMs,
    switches: (a, b) => b.switches - a.switches,
    id: (a, b) => a.id - b.id,
  }
  return [...rows].sort(by[order])
}

/** `950 ms`, `12.3 s`, `4:05`, `2 d 3 h`. */
export function duration(ms: number): string {
  const seconds = ms / 1000
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} m` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
