// The tour: grabs the pages of a local server by each stage of the tutorial, and compares.
import { failingUrls } from './failures.ts'
import { grabWithin, type FailedRow, type Grab } from './grab.ts'
import { digestOf, makePages, pageBody, type PagesOptions } from './pages.ts'
import { bytesOf, describeFailure, failuresOf, formatBytes, formatMs, table } from './report.ts'
import type { Screen } from './screen.ts'
import { stages } from './stages/index.ts'
import { startServer } from './start-server.ts'
import { verify } from './verify.ts'

export interface TourOptions {
  readonly pages: PagesOptions
  readonly concurrency: number
  readonly timeoutMs: number
  readonly withFailures: boolean
}

const SAMPLE_SIZE = 30

/** Gives the number of rows that failed, over all stages. */
export async function tour(options: TourOptions, screen: Screen): Promise<number> {
  const server = await startServer(options.pages)
  try {
    const digests = new Map(
      makePages(options.pages).map((page) => [server.origin + page.path, digestOf(pageBody(page))]),
    )
    const pageUrls = [...digests.keys()]
    const failing = options.withFailures ? await failingUrls(server.origin) : []
    const urls = [...pageUrls, ...failing]
    const grab = grabWithin(options.timeoutMs)
    screen.line(`${urls.length} pages of ${server.origin}, ${options.concurrency} at once`)

    const sample = await grabOneAtATime(sampleOf(pageUrls), grab, screen)
    const oneAtATimeMs = (sample.ms / sample.count) * pageUrls.length
    const lines = [
      [
        `one at a time, estimated from ${sample.count} pages`,
        String(pageUrls.length),
        '',
        formatMs(oneAtATimeMs),
        '1.0x',
      ],
    ]
    const failures: [stage: string, row: FailedRow][] = []
    for (const stage of stages) {
      const progress = screen.progress(stage.name, urls.length)
      const startMs = performance.now()
      const stageGrab = counted(grabWithin(options.timeoutMs, stage.get), progress.step)
      const rows = await stage.run(urls, stageGrab, options.concurrency)
      const ms = performance.now() - startMs
      progress.done()

      const verified = verify(urls, rows, digests)
      const failed = failuresOf(verified)
      failures.push(...failed.map((row): [string, FailedRow] => [stage.name, row]))
      lines.push([
        stage.name,
        String(urls.length - failed.length),
        formatBytes(bytesOf(verified)),
        formatMs(ms),
        `${(oneAtATimeMs / ms).toFixed(1)}x`,
      ])
    }
    const head = ['stage', 'pages', 'bytes', 'wall time', 'gain over one at a time (estimated)']
    screen.line(`\n${table(head, lines)}\n`)
    for (const [stage, row] of failures) screen.line(`${stage}: ${describeFailure(row)}`)
    screen.line(
      failures.length === 0
        ? `Every page came whole: all ${urls.length * stages.length} digests are right.`
        : `${failures.length} of ${urls.length * stages.length} failed.`,
    )
    return failures.length
  } finally {
    await server.close()
  }
}

/** Evenly spread over the pages. */
function sampleOf(urls: readonly string[]): string[] {
  const step = Math.max(1, urls.length / SAMPLE_SIZE)
  const size = Math.min(urls.length, SAMPLE_SIZE)
  return Array.from({ length: size }, (_, i) => urls[Math.floor(i * step)] ?? '')
}

async function grabOneAtATime(
  urls: readonly string[],
  grab: Grab,
  screen: Screen,
): Promise<{ count: number; ms: number }> {
  // The first fetch of a process also loads fetch: that belongs to no page.
  await grab(urls[0] ?? '')
  const progress = screen.progress('one at a time', urls.length)
  const startMs = performance.now()
  for (const url of urls) {
    await grab(url)
    progress.step()
  }
  progress.done()
  return { count: urls.length, ms: performance.now() - startMs }
}

function counted(grab: Grab, step: () => void): Grab {
  return async (url) => {
    const row = await grab(url)
    step()
    return row
  }
}
