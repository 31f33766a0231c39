// Waiting until one of several sockets, pipes and files can be read or written.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { complete, refuse, resume, wrongType, type Operation } from '@greenhouse/scheduler/kernel'
import { OutsideList } from './core/outside.ts'
import { POLLABLE, type Pollable } from './core/pollable.ts'

/** What is ready. */
export interface ReadyFds<R, W> {
  /** Those of the readers that have data, the end, an error, or a connection to accept. */
  readonly readable: R[]
  /** Those of the writers that take data, or say at once that they do not. */
  readonly writable: W[]
}

/**
 * Waits until at least one of several sockets, pipes or files is ready. Nothing is taken from any of them: by the time it is
 * read, another greenlet may have done so.
 *
 * Ended or aborted meanwhile, it leaves nothing behind. A regular file is always ready.
 *
 * @param readers - Those to read from: sockets, servers' sockets, read ends of pipes, files, the output of a child.
 * @param writers - Those to write to; none by default.
 * @param options - `timeoutMs` (0 asks once), `signal`.
 * @returns `{ readable, writable }`, in the order given; two empty lists on time-out.
 * @throws {GH_INVALID_ARGUMENT} for something else in the lists; the signal's reason.
 * @example
 * ```ts
 * import { pipe, waitFds } from '@greenhouse/io'
 *
 * const [reader, writer] = pipe()
 * await writer.write('news')
 * const { readable, writable } = await waitFds([reader], [writer])
 * console.log(readable[0] === reader, writable[0] === writer) // => true true
 * ```
 *
 * Source: greenhouse/io/__init__.py wait_fds. Differs: two lists instead of masks.
 */
export function waitFds<R extends object, W extends object = never>(
  readers: readonly R[],
  writers: readonly W[] = [],
  options?: WaitOptions,
): Blocking<ReadyFds<R, W>> {
  const inputs = pollables('readers', readers)
  const outputs = pollables('writers', writers)
  const refused = refuse(options)
  if (refused !== null) return refused
  const ready = (): ReadyFds<R, W> => ({
    readable: readers.filter((_reader, at) => inputs[at]!.readable()),
    writable: writers.filter((_writer, at) => outputs[at]!.writable()),
  })
  const now = ready()
  if (some(now)) return complete(now)
  return new FdsWait(ready).begin([...new Set([...inputs, ...outputs])], options)
}

function some({ readable, writable }: ReadyFds<unknown, unknown>): boolean {
  return readable.length > 0 || writable.length > 0
}

class FdsWait<R, W> extends OutsideList {
  readonly ready: () => ReadyFds<R, W>
  forget: (() => void)[] = []

  constructor(ready: () => ReadyFds<R, W>) {
    super('waitFds')
    this.ready = ready
  }

  begin(all: Pollable[], options: WaitOptions | undefined): Blocking<ReadyFds<R, W>> {
    const once = options?.timeoutMs === 0
    const limits = once ? { signal: options.signal } : options
    const blocking = this.park<ReadyFds<R, W>>(undefined, limits, nothing)
    for (const one of all) {
      // Watching may show at once that something is ready.
      if (this.size > 0) this.forget.push(one.watch(this.changed))
    }
    if (this.size === 0) this.unwatch()
    if (once) this.expireAfterPoll()
    return blocking
  }

  readonly changed = (): void => {
    if (this.size === 0) return
    const now = this.ready()
    if (this.size > 0 && some(now)) resume(this.shift()!, now)
  }

  override withdraw(operation: Operation): void {
    super.withdraw(operation)
    this.unwatch()
  }

  unwatch(): void {
    for (const forget of this.forget.splice(0)) forget()
  }

  /** The event loop polls for certain between two immediates. */
  expireAfterPoll(): void {
    setImmediate(() => {
      setImmediate(() => {
        const operation = this.shift()
        if (operation !== null) resume(operation, this.ready())
      })
    })
  }
}

function nothing(operation: Operation): void {
  resume(operation, { readable: [], writable: [] })
}

function pollables(name: string, list: readonly object[]): Pollable[] {
  if (!Array.isArray(list)) wrongType(name, 'an array of sockets, pipes or files', list)
  return list.map((one: unknown, at) => {
    const pollable = (one as Record<symbol, Pollable | undefined> | null | undefined)?.[POLLABLE]
    if (pollable === undefined) wrongType(`${name}[${at}]`, 'a socket, a pipe or a file', one)
    return pollable
  })
}
