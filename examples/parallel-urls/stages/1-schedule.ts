// Stage 1: a greenlet for every URL, and an Event that tells when the last one is done.
//
// `schedule` starts a greenlet and goes on at once. All of them wait for their pages at the same
// time, so grabbing them all takes about as long as the slowest page.
import { Event, schedule } from 'greenhouse'
import type { Grab, Row } from '../grab.ts'

export async function grabWithSchedule(urls: readonly string[], grab: Grab): Promise<Row[]> {
  const rows: Row[] = []
  const allDone = new Event()

  // The body of each greenlet. It reads as if it were alone: grab a page, keep the row.
  async function grabOne(url: string): Promise<void> {
    rows.push(await grab(url))
    if (rows.length === urls.length) allDone.set()
  }

  // The arguments follow the function, as in setTimeout.
  for (const url of urls) schedule(grabOne, url)

  // Blocks until the last greenlet has set the event; only this flow waits.
  if (urls.length > 0) await allDone.wait()
  return rows
}
