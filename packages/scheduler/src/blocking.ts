// The types of waiting. `Parked` and `Blocking` are deliberately unlike: a generator greenlet that writes `yield`
// where it needs `yield*` yields a Blocking, which is no Parked, and does not compile.

/** What a generator greenlet hands to the scheduler when it parks. Nothing to look into. */
export interface Parked {
  readonly parked: boolean
}

/**
 * What every blocking function returns: wait for it with `await` (async code, main) or with `yield*` (generator
 * greenlets). The operation has started already, and has exactly one outcome; any number of consumers get it.
 *
 * Cancelled with the scope in which it was called; a failed one that nobody consumes is an unhandled rejection.
 */
export interface Blocking<T> extends Promise<T> {
  [Symbol.iterator](): Iterator<Parked, T, unknown>
}

/** The body of a generator greenlet, as a type: `function* fetchAll(): Steps<Page[]> { … yield* … }`. */
export type Steps<T> = Generator<Parked, T, unknown>

/** What every blocking function takes as its last argument. */
export interface WaitOptions {
  /** Milliseconds to wait at most; Infinity by default, 0 tries once. */
  readonly timeoutMs?: number | undefined
  /** Aborts the wait with the signal's own reason. */
  readonly signal?: AbortSignal | undefined
}
