// FIFOs, and counting the descriptors that must not be left behind.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

/** How many descriptors are open; one more while it counts. */
export function openFds(): number {
  return readdirSync('/proc/self/fd').length
}

/** Makes a FIFO. */
export function makeFifo(path: string): void {
  execFileSync('/usr/bin/env', ['mkfifo', path])
}
