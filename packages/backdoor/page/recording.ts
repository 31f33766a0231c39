// A recording: what the scheduler traced, for the timeline, and as it came for Perfetto.
import { familyOf, READY } from './families.ts'

export interface Recording {
  readonly fromMs: number
  readonly toMs: number
  /** By greenlet: from, to and family of each block, one after the other. */
  readonly spans: ReadonlyMap<number, readonly number[]>
  readonly events: number
  readonly file: Blob
}

interface TraceEvent {
  readonly ph: string
  readonly tid: number
  readonly name: string
  readonly cat?: string
  readonly ts: number
  readonly dur: number
}

/** Asks the process to record for a time. */
export async function record(forMs: number): Promise<Recording> {
  const answer = await fetch(`/api/record/${forMs}`, { method: 'POST' })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  const events = JSON.parse(text) as TraceEvent[]
  const spans = new Map<number, number[]>()
  let fromMs = Infinity
  let toMs = -Infinity
  for (const { ph, tid, name, cat, ts, dur } of events) {
    if (ph !== 'X') continue
    const from = ts / 1000
    const to = from + dur / 1000
    let own = spans.get(tid)
    if (own === undefined) spans.set(tid, (own = []))
    own.push(from, to, cat === 'run' ? READY : familyOf(name))
    fromMs = Math.min(fromMs, from)
    toMs = Math.max(toMs, to)
  }
  // What was waited for before it began is cut off.
  fromMs = Math.max(fromMs, toMs - forMs)
  const file = new Blob([text], { type: 'application/json' })
  return { fromMs, toMs: Math.max(toMs, fromMs + 1), spans, events: events.length, file }
}

/** Hands a recording over as a file. */
export function save({ file }: Recording): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = 'greenhouse-trace.json'
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
