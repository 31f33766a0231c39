// The error that Node itself gives for an aborted operation. Its class is not to be had.

/** Node's `AbortError`, with the reason as its cause. */
export class AbortError extends Error {
  readonly code = 'ABORT_ERR'
  override name = 'AbortError'

  constructor(reason: unknown) {
    super('The operation was aborted', { cause: reason })
  }
}

/** For promises and emitters whose error nobody needs to hear. */
export function ignore(): void {}
