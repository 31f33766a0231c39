// Stage 2: a fixed number of workers between two Queues.
//
// Stage 1 opens a connection per URL at once. Here, `concurrency` workers take URLs from one queue
// and put rows into another. It also fits when URLs keep coming in and there is no last one.
import { Queue, schedule } from 'greenhouse'
import type { Grab, Row } from '../grab.ts'

export async function grabWithQueues(
  urls: readonly string[],
  grab: Grab,
  concurrency: number,
): Promise<Row[]> {
  const jobs = new Queue<string | undefined>()
  const results = new Queue<Row>()

  // A worker that finds no job sleeps in `jobs.get()` until there is one. `undefined` sends it home.
  async function worker(): Promise<void> {
    for (let url = await jobs.get(); url !== undefined; url = await jobs.get()) {
      await results.put(await grab(url))
    }
  }
  for (let i = 0; i < concurrency; i++) schedule(worker)

  for (const url of urls) await jobs.put(url)
  for (let i = 0; i < concurrency; i++) await jobs.put(undefined)

  // One row comes back for each URL, the quickest page first.
  const rows: Row[] = []
  while (rows.length < urls.length) rows.push(await results.get())
  return rows
}
