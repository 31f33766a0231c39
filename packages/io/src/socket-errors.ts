// The errors that sockets make themselves. Those of the system pass as Node gives them.
import { constants } from 'node:os'
import { GreenhouseError } from '@greenhouse/scheduler'

/** What every wait of a closed socket or server, and every later call, gets. */
export function closedError(what: string): GreenhouseError {
  return new GreenhouseError('GH_CLOSED', `The ${what} is closed`)
}

/** What Node cannot do. */
export function unsupported(what: string, why: string): GreenhouseError {
  return new GreenhouseError('GH_UNSUPPORTED', `${what}: ${why}`)
}

/** An error in the form of Node's own, for what the system would answer. */
export function systemError(code: keyof typeof TEXTS, syscall: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${code}: ${TEXTS[code]}, ${syscall}`)
  error.code = code
  error.errno = -(constants.errno[code] ?? 0)
  error.syscall = syscall
  return error
}

const TEXTS = {
  EAGAIN: 'resource temporarily unavailable',
  ECONNRESET: 'connection reset by peer',
  EINPROGRESS: 'operation now in progress',
  EISCONN: 'socket is already connected',
  EINVAL: 'invalid argument',
  ENOTCONN: 'socket is not connected',
  EPIPE: 'broken pipe',
} as const
