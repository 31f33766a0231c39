// readline and readline/promises: a question belongs to whoever asks it, and each wait for a line to whoever iterates.
// Aborted, a question is withdrawn as by Node's own signal; the interface stays open.
import type { Interface } from 'node:readline'
import { promisify } from 'node:util'
import { attach, detach } from '@greenhouse/scheduler/kernel'
import { AbortError } from '../abort-error.ts'
import { refused } from '../call-work.ts'
import { ownNext } from '../own-iterator.ts'
import type { PatchDefinition } from '../patch-set.ts'
import { signalled, SignalWork, takesSignal, type Listener } from '../signal-work.ts'
import type { Callable } from '../wrapper.ts'

/** @internal */
export const readlinePatch: PatchDefinition = {
  name: 'readline',
  replacements: () => {
    const target = process.getBuiltinModule('readline').Interface.prototype
    // Those of readline/promises are iterated by the same method.
    const base = Object.getPrototypeOf(target) as object
    const path = 'Interface.prototype.question'
    return [
      {
        target: Reflect.get(target, 'question') as object,
        key: promisify.custom,
        path: `${path}[promisify.custom]`,
        owned: ownedPromise,
      },
      { target, key: 'question', path, owned: ownedQuestion },
      {
        target: base,
        key: Symbol.asyncIterator,
        path: 'Interface.prototype[Symbol.asyncIterator]',
        owned: ownedLines,
      },
    ]
  },
}

/** @internal */
export const readlinePromisesPatch: PatchDefinition = {
  name: 'readline/promises',
  replacements: () => {
    const target = process.getBuiltinModule('readline/promises').Interface.prototype
    return [{ target, key: 'question', path: 'Interface.prototype.question', owned: ownedPromise }]
  },
}

function ownedPromise(question: Callable, self: Interface, args: unknown[]): unknown {
  const [query, options] = args
  if (!takesSignal(options)) return Reflect.apply(question, self, args)
  const work = new QuestionWork(self, options?.signal)
  return (
    refused() ??
    work.follow(
      Reflect.apply(question, self, [query, signalled(options, work)]) as Promise<unknown>,
    )
  )
}

function ownedQuestion(question: Callable, self: Interface, args: unknown[]): unknown {
  const [query, given, last] = args
  const callback = typeof given === 'function' ? given : last
  const options = typeof given === 'object' && given !== null ? given : undefined
  if (
    typeof callback !== 'function' ||
    !takesSignal(options) ||
    // Asked by the promisified form, to which it belongs.
    (options?.signal as unknown) instanceof SignalWork
  ) {
    return Reflect.apply(question, self, args)
  }
  const work = new CallbackQuestionWork(self, options?.signal)
  const answered = (answer: unknown): unknown => {
    detach(work)
    return Reflect.apply(callback, undefined, [answer]) as unknown
  }
  const result: unknown = Reflect.apply(question, self, [query, signalled(options, work), answered])
  if (!work.aborted) attach(work)
  return result
}

class QuestionWork extends SignalWork {
  /** Whether it is the one that the interface asks: it has room for one, and drops others. */
  readonly asked: boolean

  constructor(asking: object, user: AbortSignal | undefined) {
    super('readline.question', user)
    this.asked = !isAsking(asking)
  }

  override stop(): void {
    if (this.asked) super.stop()
    else this.forget()
  }
}

/** Its callback takes no error: it is not called, as with Node's own signal, and the scope hears at its next wait. */
class CallbackQuestionWork extends QuestionWork {
  override abort(reason: unknown): boolean {
    super.abort(reason)
    return false
  }

  /** The only listener is that which withdraws the question. */
  override addEventListener(type: string, listener: Listener, options?: object): void {
    super.addEventListener(type, listener, options)
    this.user?.addEventListener('abort', this.withdrawn)
  }

  override removeEventListener(type: string, listener: Listener, options?: object): void {
    super.removeEventListener(type, listener, options)
    this.user?.removeEventListener('abort', this.withdrawn)
  }

  /** By the user's signal. */
  readonly withdrawn = (): void => {
    detach(this)
    this.forget()
  }
}

function isAsking(asking: object): boolean {
  const symbols = Object.getOwnPropertySymbols(asking)
  const pending = symbols.find(({ description }) => description === '_questionCallback')
  return pending !== undefined && typeof Reflect.get(asking, pending) === 'function'
}

interface Lines {
  throw(error: Error): void
}

/** An interface gives the same iterator each time. */
const ownedAlready = new WeakSet<object>()

function ownedLines(iterate: Callable, self: unknown, args: unknown[]): unknown {
  const lines = Reflect.apply(iterate, self, args) as Lines
  if (ownedAlready.has(lines)) return lines
  ownedAlready.add(lines)
  return ownNext(lines, new LinesWork(lines))
}

class LinesWork extends SignalWork {
  readonly lines: Lines

  constructor(lines: Lines) {
    super('readline lines', undefined)
    this.lines = lines
  }

  override stop(): void {
    this.lines.throw(new AbortError(this.why))
  }
}
