// stream/promises: a pipeline, and the wait for the end of a stream. Aborted, a pipeline destroys its streams as Node's
// own signal does; `{ end: false }` spares the last.
import { refused } from '../call-work.ts'
import type { PatchDefinition } from '../patch-set.ts'
import { signalled, SignalWork, takesSignal, type Options } from '../signal-work.ts'
import type { Callable } from '../wrapper.ts'

/** @internal */
export const streamPatch: PatchDefinition = {
  name: 'stream/promises',
  replacements: () => {
    const target = process.getBuiltinModule('stream/promises')
    return [
      { target, key: 'pipeline', owned: ownedPipeline },
      { target, key: 'finished', owned: ownedFinished },
    ]
  },
}

function ownedPipeline(pipeline: Callable, self: unknown, args: unknown[]): unknown {
  const last: unknown = args.at(-1)
  const own = isOptions(last)
  const options = own ? last : undefined
  if (!takesSignal(options)) return Reflect.apply(pipeline, self, args)
  const work = new SignalWork('stream.pipeline', options?.signal)
  const given = [...(own ? args.slice(0, -1) : args), signalled(options, work)]
  return refused() ?? work.follow(Reflect.apply(pipeline, self, given) as Promise<unknown>)
}

function ownedFinished(finished: Callable, self: unknown, args: unknown[]): unknown {
  const [stream, options] = args
  if (!takesSignal(options)) return Reflect.apply(finished, self, args)
  const work = new SignalWork('stream.finished', options?.signal)
  const given = [stream, signalled(options, work)]
  return refused() ?? work.follow(Reflect.apply(finished, self, given) as Promise<unknown>)
}

const STREAMS: readonly PropertyKey[] = [
  Symbol.iterator,
  Symbol.asyncIterator,
  'pipe',
  'on',
  'write',
  'getReader',
  'getWriter',
  'readable',
  'writable',
]

/** Whether the last argument of a pipeline is its options, and no stream, iterable or function. */
function isOptions(last: unknown): last is NonNullable<Options> {
  return typeof last === 'object' && last !== null && !STREAMS.some((mark) => mark in last)
}
