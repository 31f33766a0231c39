// An async function: run inside its caller until its first `await`, as the language has it, and from there on by itself.
import { noteCallers } from './callers.ts'
import { Frame, isObject, link, SUSPEND, type Callable, type Place } from './convention.ts'
import type { Load } from './loading.ts'
import { placed } from './errors.ts'
import { beginAlone } from './roots.ts'
import { resumeFrames, runGreen, takeSuspended } from './frames.ts'

/** What the body yields to await something. */
export class Awaited {
  readonly value: unknown
  readonly at: Place | undefined

  constructor(value: unknown, at: Place | undefined) {
    this.value = value
    this.at = at
  }
}

export function awaited(value: unknown, at?: Place): Awaited {
  return new Awaited(value, at)
}

/** Gives back what it is to construct, so that a private field can be put on it. */
class Same {
  constructor(object: object) {
    // oxlint-disable-next-line no-constructor-return
    return object
  }
}

/** The promise of a run knows it, unseen: many times faster than a WeakMap. */
class Owned extends Same {
  readonly #run: AsyncRun

  constructor(promise: object, run: AsyncRun) {
    super(promise)
    this.#run = run
  }

  static runOf(value: unknown): AsyncRun | undefined {
    return isObject(value) && #run in value ? value.#run : undefined
  }
}

const { then: promiseThen } = Promise.prototype as unknown as { then: Callable }

export class AsyncRun extends Frame {
  readonly steps: Generator<unknown, unknown, unknown>
  promise: Promise<unknown> | null = null
  fulfil: ((value: unknown) => void) | null = null
  reject: ((error: unknown) => void) | null = null
  /** Where it was suspended or awaits. */
  at: unknown
  /** Who has awaited its promise last. */
  awaitedBy: AsyncRun | null = null
  isOver = false

  constructor(steps: Generator<unknown, unknown, unknown>) {
    super()
    this.steps = steps
  }

  /** Goes on until it awaits, ends or is suspended. Its value is its promise: what the caller gets. */
  resume(value: unknown, isError: boolean): unknown {
    let step: IteratorResult<unknown, unknown>
    for (;;) {
      try {
        step = isError ? this.steps.throw(value) : this.steps.next(value)
      } catch (error) {
        noteCallers(error)
        this.close()
        this.reject!(error)
        return this.promise
      }
      if (step.done === true) {
        this.close()
        this.fulfil!(step.value)
        return this.promise
      }
      if (!(step.value instanceof Awaited)) {
        this.at = step.value
        return link(this)
      }
      if (this.promise === null) void new Owned(this.open(), this)
      try {
        const awaited = step.value.value
        const promise = Promise.resolve(awaited)
        this.at = step.value.at
        const run = Owned.runOf(awaited)
        if (run?.isOver === false) run.awaitedBy = this
        goOnAfter(promise, this)
        return this.promise
      } catch (error) {
        value = error
        isError = true
      }
    }
  }

  override place(): Place | null {
    return (this.at as Place | undefined) ?? null
  }

  /** Once it awaits, nobody waits for it but who awaits its promise. */
  override caller(): Frame | null {
    return this.parent ?? this.awaitedBy
  }

  /** Makes its promise, once. */
  open(): Promise<unknown> {
    return (this.promise ??= new Promise((fulfil, reject) => {
      this.fulfil = fulfil
      this.reject = reject
    }))
  }

  /** It has ended: a promise that is kept keeps nobody who has awaited it. */
  close(): void {
    void this.open()
    this.isOver = true
    this.awaitedBy = null
  }
}

/** Resumes a frame, which nobody calls any more, with what a value is when it has been awaited. */
export function goOnAfter(value: unknown, frame: Frame): void {
  void Reflect.apply(promiseThen, Promise.resolve(value), [
    (result: unknown) => goOn(frame, result, false),
    (error: unknown) => goOn(frame, error, true),
  ])
}

/** Calls `enter` as green code that nobody waits for. */
export function detached(enter: () => unknown): void {
  if (runGreen(enter) === SUSPEND) waitAlone()
}

/** Runs frames that nobody called: their waits are those of the scope that is current. */
function goOn(
  top: Frame | null,
  value: unknown,
  isError: boolean,
  loading: Load | null = null,
): void {
  if (resumeFrames(top, value, isError, loading) === SUSPEND) waitAlone()
}

function waitAlone(): void {
  const { op, top, loading } = takeSuspended()
  beginAlone(() => op.start()).then(
    (result) => goOn(top, result, false, loading),
    (error: unknown) => goOn(top, placed(error, op, top), true, loading),
  )
}
