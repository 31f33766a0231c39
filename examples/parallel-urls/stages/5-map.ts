// Stage 5: `map` is an OrderedPool in one line.
//
// It is lazy: it takes a new URL only when a worker is free, so the URLs may come from an endless
// generator, and when you break out of the loop, nothing is left running. `mapUnordered` does the
// same without keeping the order: each row comes as soon as it is there.
import { map } from 'greenhouse'
import type { Grab, Row } from '../grab.ts'

export async function grabWithMap(
  urls: readonly string[],
  grab: Grab,
  concurrency: number,
): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of map(grab, urls, { concurrency })) rows.push(row)

  // Nothing was done between the rows, so `map(…).toArray()` would have done as well.
  return rows
}
