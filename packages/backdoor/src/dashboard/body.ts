// The body of a request, as far as it is worth reading.
import type { IncomingMessage } from 'node:http'
import type { Blocking } from '@greenhouse/scheduler'
import { refuse, WaitList } from '@greenhouse/scheduler/kernel'

/** A login form is smaller. */
const MOST_BYTES = 4096

/** Reads a small body; gives null for one that is too large. The server's `requestTimeout` bounds the wait. */
export function readBody(request: IncomingMessage): Blocking<string | null> {
  const done = new WaitList<string | null>('dashboard.body')
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MOST_BYTES) chunks.push(chunk)
    else done.wake(null)
  })
  request.on('end', () => done.wake(Buffer.concat(chunks).toString()))
  return refuse() ?? done.park<string | null>(undefined, undefined, () => {})
}
