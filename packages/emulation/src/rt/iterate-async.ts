// Iteration of async iterators, and of sync ones whose values are awaited: `for await`, and `yield*` in async generators.
import { call } from './call.ts'
import { Frame, follow, isObject, link, SUSPEND, type Stepper } from './convention.ts'
import { begin, checkedResult, isMissing, Stepping } from './iterate.ts'

/** A handle of an iterable, each of whose steps gives something to await. */
export function iterateAsync(iterable: unknown): unknown {
  const method: unknown = (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator]
  if (method === undefined || method === null) {
    return follow(begin(iterable), (iterator: Stepper) => new AwaitedValues(iterator))
  }
  return follow(call('async iterator', iterable, method), (iterator: Stepper) => {
    if (isObject(iterator)) return new AsyncHandle(iterator)
    throw new TypeError('Result of the Symbol.asyncIterator method is not an object')
  })
}

/** What a loop steps through. */
export class AsyncHandle extends Stepping {
  readonly method: unknown
  ending: unknown = undefined

  constructor(iterator: Stepper) {
    super(iterator)
    this.method = iterator.next
  }

  next(...sent: unknown[]): unknown {
    this.open = false
    return this.send('next', this.method, sent)
  }

  /** Calls a method of the iterator; gives something to await, or SUSPEND. */
  send(way: string, method: unknown, values: readonly unknown[]): unknown {
    return call(way, this.iterator, method, ...values)
  }

  /** Whether the iterator is to be told that no more is wanted. */
  closes(): boolean {
    this.open = false
    try {
      this.ending = this.iterator.return
    } catch (error) {
      if (this.thrown) return false
      throw error
    }
    return !isMissing(this.ending)
  }

  /** Tells it; gives something to await, or SUSPEND. An error beside that of the body does not count. */
  close(): unknown {
    if (!this.thrown) return this.send('return', this.ending, [])
    try {
      const result = this.send('return', this.ending, [])
      return result === SUSPEND ? link(new Quieting()) : quiet(result)
    } catch {
      return undefined
    }
  }

  /** What telling it has come to. */
  closed(result: unknown): void {
    if (!this.thrown) checkedResult(result)
  }
}

/** A `return` that was suspended, and whose error does not count. */
class Quieting extends Frame {
  resume(value: unknown, isError: boolean): unknown {
    return isError ? undefined : quiet(value)
  }
}

function quiet(promise: unknown): Promise<unknown> {
  return Promise.resolve(promise).catch(() => undefined)
}

/** A synchronous iterator of promises. */
class AwaitedValues extends AsyncHandle {
  override send(way: string, method: unknown, values: readonly unknown[]): unknown {
    return follow(super.send(way, method, values), (result: unknown) => {
      if (!isObject(result)) return result
      const { done, value } = result as IteratorResult<unknown>
      return Promise.resolve(value).then((given: unknown) => ({ done, value: given }))
    })
  }
}
