// Failures that nobody has consumed. They become rejected promises at once, so that Node itself judges them: consumed
// before the microtask queue empties, or an unhandled rejection. A consumer that comes later marks them handled.

const rejections = new WeakMap<object, Promise<never>>()

/** Notes a failure without a consumer. */
export function orphan(owner: object, error: unknown): void {
  rejections.set(owner, Promise.reject(error))
}

/** Marks a noted failure as consumed. */
export function handled(owner: object): void {
  rejections.get(owner)?.catch(ignore)
}

function ignore(): void {}
