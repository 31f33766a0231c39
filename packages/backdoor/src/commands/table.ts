// Rows of words as a table of columns, for terminals.

export type Cell = string | number | null | undefined

/** Writes a table: columns as wide as they need, numbers to the right. */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = rows.map((row) => row.map(cellOf))
  const widths = heads.map((head, column) =>
    cells.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), head.length),
  )
  const numeric = heads.map((_, column) =>
    rows.every((row) => typeof row[column] === 'number' || row[column] == null),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        numeric[column] === true ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd()
  return [line(heads), ...cells.map(line)].join('\n')
}

const LONGEST_CELL = 120

function cellOf(value: Cell): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number') return String(Math.round(value * 10) / 10)
  const text = printable(value)
  return text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL - 1)}…` : text
}

/** A name as it may be shown: names come from everywhere, and must not steer the terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}
