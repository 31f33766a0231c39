// What a child process comes to.

/** How a child ended: with an exit code, or by a signal. */
export interface ProcessExit {
  /** null where a signal killed it. */
  readonly code: number | null
  /** null where it exited by itself. */
  readonly signal: NodeJS.Signals | null
}

/** What came of a child, and what it wrote. */
export interface ProcessResult<T extends Buffer | string = Buffer> extends ProcessExit {
  /** Empty where it was no pipe. */
  readonly stdout: T
  /** Empty where it was no pipe. */
  readonly stderr: T
}

/** What reading from a child gives: text with an encoding, else Buffers. */
export type ProcessOutput<E extends BufferEncoding | undefined> = E extends BufferEncoding
  ? string
  : Buffer
