// Where the example prints: lines, and below them, on a terminal, a progress bar that stays in its
// place. Piped, there is no bar: each job that is done is a plain line instead.

/** The part of `process.stdout` that is used here. */
export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface Screen {
  readonly line: (text: string) => void
  /** Shows a bar for a job of `total` steps, until `done` is called. */
  readonly progress: (name: string, total: number) => Progress
}

export interface Progress {
  readonly step: () => void
  readonly done: () => void
}

const CLEAR_LINE = '\r\u001b[2K'
const NAME_WIDTH = 20

export function screenOn(output: Output): Screen {
  const isTerminal = output.isTTY === true
  let bar = ''

  function line(text: string): void {
    output.write(bar === '' ? `${text}\n` : `${CLEAR_LINE}${text}\n${bar}`)
  }
  function show(next: string): void {
    if (!isTerminal || next === bar) return
    bar = next
    output.write(CLEAR_LINE + bar)
  }
  return {
    line,
    progress(name, total) {
      let steps = 0
      const draw = (): void => show(barOf(name, steps, total, output.columns || 80))
      draw()
      return {
        step() {
          steps++
          draw()
        },
        done() {
          show('')
          if (!isTerminal) line(`${name.padEnd(NAME_WIDTH)} ${steps}/${total}`)
        },
      }
    },
  }
}

function barOf(name: string, steps: number, total: number, columns: number): string {
  const start = name.padEnd(NAME_WIDTH)
  const end = `${String(steps).padStart(String(total).length)}/${total}`
  // The last column stays free: some terminals wrap a full line.
  const width = Math.min(40, columns - start.length - end.length - 5)
  if (width < 5) return end
  const filled = Math.floor((width * steps) / Math.max(total, 1))
  return `${start} [${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${end}`
}
