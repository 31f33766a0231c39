// Time as the scheduler sees it: one interface, so that tests can put a virtual clock behind everything.

/** A source of time and of one-shot timers. */
export interface Clock {
  /** Monotonic milliseconds, with fractions. */
  now(): number
  /** Milliseconds since the epoch. */
  wallNow(): number
  /** Calls `fire` at or after the monotonic moment; a new call replaces the one before. */
  arm(atMs: number, keepsProcess: boolean, fire: () => void): void
  /** Forgets the armed call. */
  disarm(): void
}
