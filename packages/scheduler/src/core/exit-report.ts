// The report at exit: the process is about to end although something still waits for what nobody can give any more. A
// finished program whose workers idle on queues is no deadlock, nor is one that calls process.exit (no 'beforeExit' then).
import { dump } from '../dump.ts'
import { waitInWords } from '../dump-text.ts'
import type { GreenletDump, WaitDump } from '../dump.ts'

/** Waits that somebody must end; others (queues, channels, accepts) are idle ones. */
const MISSED =
  /^(?:Lock|RLock|Semaphore|BoundedSemaphore|Condition|Counter|Barrier)\.|(?:^|\.)join$/

const MOST_LINES = 100

export function reportAtExit(): void {
  process.once('beforeExit', () => {
    const text = exitReport(process.env['GREENHOUSE_REPORT'])
    if (text !== null) process.stderr.write(text)
  })
}

/** The text of the report, null when there is nothing to say. `mode` is "all", "off" or undefined. */
export function exitReport(mode: string | undefined): string | null {
  if (mode === 'off') return null
  const lines = dump().greenlets.flatMap((greenlet) =>
    greenlet.waits
      .filter((wait) => mode === 'all' || missed(greenlet, wait))
      .map(
        (wait) => `  greenlet ${greenlet.id} "${greenlet.name}" waits for ${waitInWords(wait)}\n`,
      ),
  )
  if (lines.length === 0) return null
  const more = lines.length - MOST_LINES
  const rest = more > 0 ? `  and ${more} more waits\n` : ''
  return `greenhouse: the process ends while greenlets wait for what can come no more:\n${lines.slice(0, MOST_LINES).join('')}${rest}`
}

function missed(greenlet: GreenletDump, wait: WaitDump): boolean {
  if (greenlet.kind === 'main') return true
  if (greenlet.daemon) return false
  return MISSED.test(wait.kind) || (wait.inside ?? []).some((inner) => missed(greenlet, inner))
}
