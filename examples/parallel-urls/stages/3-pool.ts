// Stage 3: a Pool, which is stage 2 in a box: workers, queue of jobs, queue of results.
import { Pool } from 'greenhouse'
import type { Grab, Row } from '../grab.ts'

export async function grabWithPool(
  urls: readonly string[],
  grab: Grab,
  concurrency: number,
): Promise<Row[]> {
  const pool = new Pool(grab, { concurrency })
  pool.start()

  // What `put` is given are the arguments of one call of `grab`.
  for (const url of urls) await pool.put(url)

  // Results come out as they are ready, so in any order. Had `grab` thrown an error, `get` would
  // throw it here: no job is lost silently.
  const rows: Row[] = []
  while (rows.length < urls.length) rows.push(await pool.get())

  await pool.close()
  return rows
}
