// How numbers, rows and tables look.
import type { FailedRow, Row } from './grab.ts'

export function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((cells) => (cells[column] ?? '').length)),
  )
  // Words to the left, numbers to the right.
  const format = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width))
  return [head, rule, ...lines].map(format).join('\n')
}

export function describeRow(row: Row): string {
  if (!row.ok) return describeFailure(row)
  const { status, bytes, ms, digest, url } = row
  return `${status}  ${formatBytes(bytes).padStart(8)}  ${formatMs(ms).padStart(7)}  ${digest.slice(0, 12)}  ${url}`
}

export function describeFailure({ code, message, url }: FailedRow): string {
  return `FAILED ${url}: ${code} (${message})`
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  return `${(bytes / 1e6).toFixed(1)} MB`
}

export function formatMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`
}

export function bytesOf(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + (row.ok ? row.bytes : 0), 0)
}

export function failuresOf(rows: readonly Row[]): FailedRow[] {
  return rows.filter((row) => !row.ok)
}
