// The end of a connection.
import type { Duplex } from 'node:stream'

/** How long a client has to take what it was sent last, in milliseconds. */
const FAREWELL_MS = 2000

/** Closes a connection once what was said is out, or could not be for a while. */
export function hangUp(stream: Duplex): void {
  if (stream.destroyed) return
  const timer = setTimeout(() => stream.destroy(), FAREWELL_MS)
  stream.once('close', () => clearTimeout(timer))
  stream.end(() => stream.destroy())
}
