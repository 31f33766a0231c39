// `yield*` in async generators: drives another iterator, async or not, whose steps may be suspended.
import { awaited } from './async-run.ts'
import { SUSPEND } from './convention.ts'
import { iterateAsync, type AsyncHandle } from './iterate-async.ts'
import { checkedResult, isMissing } from './iterate.ts'
import { Returning, Yielded, type Steps } from './stepping.ts'

export function* delegateAsync(iterable: unknown): Steps {
  let result = iterateAsync(iterable)
  if (result === SUSPEND) result = yield
  const inner = result as AsyncHandle
  let sent: unknown
  let failure: { error: unknown } | null = null
  for (;;) {
    const isReturn = failure === null && sent instanceof Returning
    if (failure !== null) {
      const { error } = failure
      failure = null
      const method = inner.iterator.throw
      if (isMissing(method)) {
        if (inner.closes()) {
          result = inner.close()
          if (result === SUSPEND) result = yield
          inner.closed(yield awaited(result))
        }
        throw new TypeError("The iterator does not provide a 'throw' method")
      }
      result = inner.send('throw', method, [error])
    } else if (sent instanceof Returning) {
      const method = inner.iterator.return
      if (isMissing(method)) yield new Returning(yield awaited(sent.value))
      result = inner.send('return', method, [sent.value])
    } else result = inner.next(sent)
    if (result === SUSPEND) result = yield
    const step = checkedResult(yield awaited(result))
    if (step.done === true || Boolean(step.done)) {
      if (isReturn) yield new Returning(step.value)
      return step.value
    }
    try {
      sent = yield new Yielded(step.value, true)
    } catch (error) {
      failure = { error }
    }
  }
}
