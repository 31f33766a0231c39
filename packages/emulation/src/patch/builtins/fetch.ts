// fetch: from the call to the end of its body, which the caller may read long after. It rejects with the reason itself.
import { finished, isReadable } from 'node:stream'
import { attach, detach, takePendingInterruption, Work } from '@greenhouse/scheduler/kernel'
import { ignore } from '../abort-error.ts'
import type { PatchDefinition } from '../patch-set.ts'
import type { Callable } from '../wrapper.ts'

/** @internal */
export const fetchPatch: PatchDefinition = {
  name: 'fetch',
  replacements: () => [{ target: globalThis, key: 'fetch', owned: ownedFetch }],
}

function ownedFetch(fetch: Callable, self: unknown, args: unknown[]): unknown {
  const [input, init] = args as [{ signal?: unknown } | undefined, { signal?: unknown } | undefined]
  const given = signalOf(input, init)
  const sound = (given ?? null) === null || given instanceof AbortSignal
  // Of anything else fetch itself says what it thinks.
  if (args.length === 0 || !sound || typeof (init ?? {}) !== 'object') {
    return Reflect.apply(fetch, self, args)
  }
  const work = new FetchWork((given ?? undefined) as AbortSignal | undefined)
  const pending = takePendingInterruption()
  if (pending !== null) work.controller.abort(pending.error)
  else attach(work)
  const { signal } = work.controller
  const options =
    init === undefined || init === null || Object.getPrototypeOf(init) === Object.prototype
      ? { ...init, signal }
      : (Object.create(init, { signal: { value: signal, enumerable: true } }) as object)
  const promise: unknown = Reflect.apply(fetch, self, [input, options])
  // Others may have put anything in the place of Node's own.
  if (!(promise instanceof Promise)) {
    work.end()
    return promise
  }
  work.promise = promise
  promise.then(
    (response) => work.untilRead(response),
    () => work.end(),
  )
  return promise
}

function signalOf(input: unknown, init: unknown): unknown {
  const given = (init as { signal?: unknown } | null | undefined)?.signal
  if (given !== undefined) return given
  return input instanceof Request ? input.signal : undefined
}

class FetchWork extends Work {
  readonly kind = 'fetch'
  readonly controller: AbortController = new AbortController()
  readonly user: AbortSignal | undefined
  promise: Promise<unknown> | null = null
  body: WeakRef<object> | null = null

  constructor(user: AbortSignal | undefined) {
    super()
    this.user = user
    if (user?.aborted === true) this.onUserAbort()
    else user?.addEventListener('abort', this.onUserAbort, { once: true })
  }

  readonly onUserAbort = (): void => this.controller.abort(this.user!.reason)

  override abort(reason: unknown): boolean {
    const body = this.body?.deref()
    // One that nobody waits for is silent.
    this.promise?.catch(ignore)
    this.controller.abort(reason)
    this.end()
    // A body that has been read to its end, of which this work is yet to hear.
    return body === undefined || isReadable(body as never)
  }

  end(): void {
    this.user?.removeEventListener('abort', this.onUserAbort)
    detach(this)
  }

  untilRead(response: unknown): void {
    const body = (response as Partial<Response> | null | undefined)?.body
    const readable = isReadable(body as never) as boolean | null
    if (!body || readable === null) return this.end()
    this.body = new WeakRef(body)
    forgotten.register(body, this)
    finished(body as never, () => this.end())
  }
}

/** Bodies that nobody has read, and nobody will. */
const forgotten = new FinalizationRegistry<FetchWork>((work) => work.end())
