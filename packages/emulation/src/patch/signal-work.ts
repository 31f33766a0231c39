// A call that Node can stop by a signal. The work stands for that signal itself: Node asks it whether it is aborted, and
// adds its listeners. The caller's own signal, where there is one, goes on to be heard, and nothing stays on it.
import { CallWork } from './call-work.ts'

export type Listener = (event: { readonly type: 'abort' }) => void

const NONE: readonly Listener[] = []

export class SignalWork extends CallWork {
  readonly user: AbortSignal | undefined
  listeners: readonly Listener[] = NONE
  why: unknown

  constructor(kind: string, user: AbortSignal | undefined) {
    super(kind)
    this.user = user
  }

  get aborted(): boolean {
    return this.cancelled || this.user?.aborted === true
  }

  get reason(): unknown {
    return this.cancelled ? this.why : this.user?.reason
  }

  addEventListener(type: string, listener: Listener, options?: object): void {
    this.listeners = [...this.listeners, listener]
    this.user?.addEventListener(type, listener as never, options as never)
  }

  removeEventListener(type: string, listener: Listener, options?: object): void {
    this.listeners = this.listeners.filter((one) => one !== listener)
    this.user?.removeEventListener(type, listener as never, options as never)
  }

  override refuse(reason: unknown): void {
    this.why = reason
    super.refuse(reason)
  }

  override abort(reason: unknown): boolean | void {
    super.abort(reason)
    this.stop()
  }

  /** Tells Node, which then cleans up. It counts on the signal to have forgotten listeners that were called. */
  stop(): void {
    for (const listener of this.forget()) listener.call(this as never, { type: 'abort' })
  }

  /** Takes all listeners away. */
  forget(): readonly Listener[] {
    const { listeners } = this
    for (const listener of listeners) this.removeEventListener('abort', listener)
    return listeners
  }
}

/** Options of a call as Node takes them, or anything else that was given for them. */
export type Options =
  { readonly signal?: AbortSignal; readonly [name: string]: unknown } | undefined

/** Whether `signalled` can do with these options and their signal; Node itself complains of others. */
export function takesSignal(options: unknown): options is Options {
  if (options === undefined) return true
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return false
  const { signal } = options as { signal?: unknown }
  return (
    signal === undefined || (typeof signal === 'object' && signal !== null && 'aborted' in signal)
  )
}

/** The same options with the work as their signal. */
export function signalled(options: Options, signal: SignalWork): object {
  if (options === undefined || Object.getPrototypeOf(options) === Object.prototype) {
    return { ...options, signal }
  }
  // Inherited ones count for Node, too.
  return Object.create(options, { signal: { value: signal, enumerable: true } }) as object
}
