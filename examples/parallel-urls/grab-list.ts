// Grabs the URLs that the user named, and prints a row for each, in their order.
import { map } from 'greenhouse'
import { grabWithin, type Row } from './grab.ts'
import { bytesOf, describeRow, failuresOf, formatBytes, formatMs } from './report.ts'
import type { Screen } from './screen.ts'

export interface ListOptions {
  readonly urls: readonly string[]
  readonly concurrency: number
  readonly timeoutMs: number
}

/** Gives the number of rows that failed. */
export async function grabList(options: ListOptions, screen: Screen): Promise<number> {
  const { urls, concurrency, timeoutMs } = options
  const rows: Row[] = []
  const startMs = performance.now()
  const progress = screen.progress('grabbing', urls.length)
  for await (const row of map(grabWithin(timeoutMs), urls, { concurrency })) {
    rows.push(row)
    screen.line(describeRow(row))
    progress.step()
  }
  progress.done()
  const ms = performance.now() - startMs
  const failed = failuresOf(rows).length
  screen.line(
    `\n${rows.length - failed} grabbed, ${failed} failed: ` +
      `${formatBytes(bytesOf(rows))} in ${formatMs(ms)}`,
  )
  return failed
}
