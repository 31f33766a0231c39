// Where `map` takes its items from: one face for sync and async iterables. It is closed once, and never after it said that
// it is done or threw, as the language has it.
import { schedule, type Blocking } from '@greenhouse/scheduler'
import { complete, fail } from '@greenhouse/scheduler/kernel'

export type Items<I> = Iterable<I> | AsyncIterable<I>

/** What an iterator gives that has ended. */
export const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

type Step<I> = IteratorResult<I, unknown>
type Closed = Blocking<typeof DONE>

type Both<I> = Partial<AsyncIterable<I>> & Iterable<I>

export class Source<I> {
  readonly sync: Iterator<I> | null = null
  readonly async: AsyncIterator<I> | null = null
  done = false
  /** Whether an async pull is under way: there is one at a time. */
  pulling = false

  constructor(items: Items<I>) {
    const { [Symbol.asyncIterator]: openAsync, [Symbol.iterator]: open } = items as Both<I>
    if (openAsync !== undefined) this.async = openAsync.call(items)
    else this.sync = open.call(items)
  }

  /** The next item of a sync source. */
  pullNow(): Step<I> {
    let step: Step<I>
    try {
      step = this.sync!.next()
    } catch (error) {
      this.done = true
      throw error
    }
    if (step.done === true) this.done = true
    return step
  }

  /** The next item of an async source. */
  async pull(): Promise<Step<I>> {
    this.pulling = true
    try {
      const step = await this.async!.next()
      if (step.done === true) this.done = true
      return step
    } catch (error) {
      this.done = true
      throw error
    } finally {
      this.pulling = false
    }
  }

  /** Closes it, and waits for that unless a pull is under way, which may take for ever. */
  close(): Closed {
    if (this.done) return complete(DONE)
    this.done = true
    if (this.async !== null) {
      const closing = schedule(closeAsync, this.async, this.pulling)
      return this.pulling ? complete(DONE) : closing.join()
    }
    try {
      this.sync!.return?.()
    } catch (error) {
      return fail(error)
    }
    return complete(DONE)
  }

  /** Closes it after an error that counts more than any that this might give. */
  closeQuietly(): void {
    if (this.done) return
    this.done = true
    if (this.async !== null) {
      schedule(closeAsync, this.async, true)
      return
    }
    try {
      this.sync!.return?.()
    } catch {
      // The first error is the one to be thrown.
    }
  }
}

async function closeAsync(
  iterator: AsyncIterator<unknown>,
  quietly: boolean,
): Promise<typeof DONE> {
  try {
    await iterator.return?.()
  } catch (error) {
    if (!quietly) throw error
  }
  return DONE
}
