// Stage 4: an OrderedPool gives the results in the order in which the jobs were put.
//
// It works as fast as stage 3: a result that comes too early is kept until its turn.
import { OrderedPool, schedule } from 'greenhouse'
import type { Grab, Row } from '../grab.ts'

export async function grabWithOrderedPool(
  urls: readonly string[],
  grab: Grab,
  concurrency: number,
): Promise<Row[]> {
  const pool = new OrderedPool(grab, { concurrency })
  pool.start()

  // One greenlet feeds the pool while this flow takes the results out. `close` lets the jobs that
  // were put finish, and then ends the loop below.
  const feeder = schedule(async () => {
    for (const url of urls) await pool.put(url)
    await pool.close()
  })

  const rows: Row[] = []
  for await (const row of pool) rows.push(row)

  await feeder.join()
  return rows
}
