// Grabs one URL. Whatever goes wrong (dead host, time-out, bad status, a body cut short) becomes a
// failed row with a code, so that one bad URL never stops the others.
import { wait } from 'greenhouse'
import { digestOf } from './pages.ts'

export interface GrabbedRow {
  readonly ok: true
  readonly url: string
  readonly status: number
  readonly bytes: number
  /** SHA-256 of the body, in hex. */
  readonly digest: string
  readonly ms: number
}

export interface FailedRow {
  readonly ok: false
  readonly url: string
  /** `ECONNREFUSED`, `GH_TIMEOUT`, `HTTP_404`, … */
  readonly code: string
  readonly message: string
  readonly ms: number
}

export type Row = GrabbedRow | FailedRow

/** Grabs one URL and never rejects. */
export type Grab = (url: string) => Promise<Row>

/** What a server has answered. */
export interface Answer {
  readonly status: number
  readonly statusText: string
  readonly body: Uint8Array
}

/** Gets one URL, or rejects. */
export type Get = (url: string, timeoutMs: number) => Promise<Answer>

export function grabWithin(timeoutMs: number, get: Get = getByFetch): Grab {
  return async (url) => {
    const startMs = performance.now()
    try {
      const { status, statusText, body } = await get(url, timeoutMs)
      const ms = performance.now() - startMs
      if (status < 200 || status > 299)
        return { ok: false, url, code: `HTTP_${status}`, message: statusText, ms }
      return { ok: true, url, status, bytes: body.length, digest: digestOf(body), ms }
    } catch (error) {
      return { ok: false, url, ...explain(error, timeoutMs), ms: performance.now() - startMs }
    }
  }
}

async function getByFetch(url: string, timeoutMs: number): Promise<Answer> {
  // `wait` blocks the greenlet that runs this, and only that one. When the greenlet is ended,
  // it is ended here, although fetch itself has never heard of greenlets.
  const response = await wait(fetch(url, { signal: AbortSignal.timeout(timeoutMs) }))
  const body = new Uint8Array(await wait(response.arrayBuffer()))
  return { status: response.status, statusText: response.statusText, body }
}

/** Finds the code and the message that say most: fetch hides both in the cause of its error. */
function explain(error: unknown, timeoutMs: number): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) }
  if (error.name === 'TimeoutError') {
    return { code: 'GH_TIMEOUT', message: `No whole answer within ${timeoutMs} ms` }
  }
  const cause = error.cause instanceof Error ? error.cause : error
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
  return { code, message: cause.message || error.message }
}
