// UNIX sockets that only their owner can connect to.
import { chmodSync, lstatSync, statSync, unlinkSync } from 'node:fs'
import { createConnection } from 'node:net'
import { isMainThread } from 'node:worker_threads'
import { GreenhouseError } from '@greenhouse/scheduler'

/**
 * Calls what binds a UNIX socket, at once, so that nobody else can connect to it in the instant before its mode is set. Only
 * the right of others to write is withheld: a file that another thread makes in the same instant stays usable.
 */
export function bindPrivately<R>(bind: () => R): R {
  // The mask of the process cannot be changed in a worker thread.
  if (!isMainThread) return bind()
  const before = process.umask()
  process.umask(before | 0o022)
  try {
    return bind()
  } finally {
    process.umask(before)
  }
}

/**
 * Takes the rights to a socket from everybody but its owner.
 *
 * @throws {GH_INVALID_STATE} where the file system keeps no such rights; Node's own errors.
 */
export function makePrivate(path: string): void {
  chmodSync(path, 0o600)
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new GreenhouseError('GH_INVALID_STATE', `${path} cannot be kept from other users`)
  }
}

/** Removes the socket that a process which is gone has left behind; leaves everything else. */
export async function removeStale(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return
  const code = await new Promise<string | undefined>((resolve) => {
    const probe = createConnection(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(undefined)
    })
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
  if (code === 'ECONNREFUSED') unlinkSync(path)
}
