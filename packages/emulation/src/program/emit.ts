// Events that Node emits in a program run green. The listeners of one emission run one after another, each after the previous
// has finished; so do the emissions of one emitter, unless they are requests, connections or other things that have nothing to
// do with each other. What the emitter does with the end of a listener is left to it: such events block.
import { EventEmitter } from 'node:events'
import { inEvent } from '../blocked/context.ts'
import { greenListeners, runListeners } from '../rt/emitter.ts'
import { attachTwin, twinOf, type Callable } from '../rt/index.ts'
import { crash, isRoot, startRoot } from '../rt/root.ts'

/** Emissions that may overlap. */
const OVERLAPPING = new Set<unknown>(
  'request checkContinue checkExpectation connect upgrade connection secureConnection stream session message'.split(
    ' ',
  ),
)

/** Emissions whose emitter relies on what its listeners have done. */
const IMMEDIATE = new Set<unknown>(
  'exit uncaughtException uncaughtExceptionMonitor unhandledRejection rejectionHandled newListener removeListener'.split(
    ' ',
  ),
)

/** What waits until an emitter's earlier listeners have finished. */
const queues = new WeakMap<EventEmitter, (() => void)[]>()

/** Makes the listeners that Node calls start greenlets, for the whole process. */
export function patchEmit(): void {
  const { prototype } = EventEmitter
  // oxlint-disable-next-line typescript/unbound-method
  const original = prototype.emit as Callable
  const emit = function (this: EventEmitter, ...args: [string | symbol, ...unknown[]]): boolean {
    const [event] = args
    const listeners = isRoot() && !IMMEDIATE.has(event) ? greenListeners(this, event) : null
    if (listeners === null && !queues.has(this) && !IMMEDIATE.has(event)) {
      return Reflect.apply(original, this, args) as boolean
    }
    if (IMMEDIATE.has(event)) {
      return inEvent(String(event), () => Reflect.apply(original, this, args) as boolean)
    }
    if (!isRoot()) return Reflect.apply(original, this, args) as boolean
    const emission = () => {
      // Who listens is asked now: an earlier listener may have changed it.
      const now = greenListeners(this, event)
      return now === null
        ? Reflect.apply(original, this, args)
        : runListeners(this, event, now, args.slice(1))
    }
    if (OVERLAPPING.has(event)) start(String(event), emission, () => {})
    else inTurn(this, String(event), emission)
    return true
  }
  Object.defineProperty(emit, 'name', { value: 'emit' })
  const twin = twinOf(original)
  if (twin !== undefined) attachTwin(emit, twin)
  prototype.emit = emit as EventEmitter['emit']
}

/** Runs an emission after those before it of the same emitter. */
function inTurn(emitter: EventEmitter, name: string, emission: () => unknown): void {
  const queue = queues.get(emitter)
  if (queue !== undefined) {
    queue.push(() => start(name, emission, () => next(emitter)))
    return
  }
  let isOver = false
  start(name, emission, () => {
    isOver = true
    if (queues.has(emitter)) next(emitter)
  })
  if (!isOver) queues.set(emitter, [])
}

function next(emitter: EventEmitter): void {
  const following = queues.get(emitter)?.shift()
  if (following === undefined) queues.delete(emitter)
  else following()
}

function start(name: string, emission: () => unknown, over: () => void): void {
  const outcome = startRoot(name, emission)
  if ('value' in outcome) return over()
  outcome.promise.then(over, (error: unknown) => {
    crash(error)
    over()
  })
}
