// Compares what a stage has brought with what it was sent for.
import type { Row } from './grab.ts'

/**
 * Gives a row for every URL. A page whose digest is not the expected one becomes a failed row, and
 * so does a URL for which no row came. A URL without a digest is not compared.
 */
export function verify(
  urls: readonly string[],
  rows: readonly Row[],
  digests: ReadonlyMap<string, string>,
): Row[] {
  const rowsByUrl = new Map(rows.map((row) => [row.url, row]))
  if (rows.length > rowsByUrl.size) throw new Error('The stage gave several rows for one URL')
  return urls.map((url) => {
    const row = rowsByUrl.get(url)
    if (!row) return failed(url, 'ROW_MISSING', 'The stage gave no row for it')
    const digest = digests.get(url)
    if (!row.ok || digest === undefined || row.digest === digest) return row
    return failed(url, 'DIGEST_MISMATCH', `Expected ${digest}, got ${row.digest}`)
  })
}

function failed(url: string, code: string, message: string): Row {
  return { ok: false, url, code, message, ms: 0 }
}
