// What `waitFds` asks of a socket, a pipe, a file or a child's stdio.

/** Something whose readiness can be asked for and watched. */
export interface Pollable {
  /** Whether a read would return at once: data, the end, an error, or a connection to accept. */
  readable(): boolean
  /** Whether a write would return at once. */
  writable(): boolean
  /**
   * Calls `changed` whenever an answer may have become true, until the function that it gives is called. Reads ahead
   * meanwhile where that is the only way to know; nothing that is read ahead is lost.
   */
  watch(changed: () => void): () => void
}

/** Where a public object keeps its `Pollable`: a registered symbol, so that it holds across copies of the package. */
export const POLLABLE: symbol = Symbol.for('@greenhouse/io/pollable')
