// Timers that are promises. Callback timers belong to nobody: pools and sockets keep theirs in somebody's scope.
import { attach, detach, now, Work, type WorkScope } from '@greenhouse/scheduler/kernel'
import { AbortError, ignore } from '../abort-error.ts'
import { CallWork, refused } from '../call-work.ts'
import { ownNext } from '../own-iterator.ts'
import type { Replacement } from '../originals.ts'
import type { PatchDefinition } from '../patch-set.ts'
import { signalled, SignalWork, takesSignal } from '../signal-work.ts'
import type { Callable } from '../wrapper.ts'

type Promises = Record<string, Callable> & { readonly scheduler: object }

/** @internal */
export const timersPatch: PatchDefinition = {
  name: 'timers/promises',
  replacements: () => calls((scheduler) => Object.getPrototypeOf(scheduler) as object),
  viewed: () => calls((scheduler) => scheduler),
}

function calls(holderOf: (scheduler: object) => object): readonly Replacement[] {
  const promises = process.getBuiltinModule('timers/promises') as unknown as Promises
  const scheduler = holderOf(promises.scheduler)
  return [
    { target: promises, key: 'setTimeout', owned: ownedTimeout },
    { target: promises, key: 'setImmediate', owned: ownedImmediate },
    { target: promises, key: 'setInterval', owned: ownedInterval },
    { target: scheduler, key: 'wait', path: 'scheduler.wait', owned: ownedWait },
    { target: scheduler, key: 'yield', path: 'scheduler.yield', owned: ownedYield },
  ]
}

// What Node's own promises stand on. Bound now: others may fake time later.
const timers = { ...process.getBuiltinModule('timers') }

function ownedTimeout(
  original: Callable,
  self: unknown,
  args: unknown[],
  scope: WorkScope,
): unknown {
  const delay = args[0]
  const options = args[2]
  return isNodes(original) && simple(delay, options)
    ? (refused(scope) ?? start(new TimerWork(args[1]), delay as number, options?.ref, scope))
    : byPromise('setTimeout', original, self, args, 2)
}

function ownedImmediate(original: Callable, self: unknown, args: unknown[]): unknown {
  return byPromise('setImmediate', original, self, args, 1)
}

function ownedWait(original: Callable, self: unknown, args: unknown[], scope: WorkScope): unknown {
  const [delay, options] = args
  const timer = process.getBuiltinModule('timers/promises')
  return self === timer.scheduler && isNodes(original) && simple(delay, options)
    ? (refused(scope) ?? start(new TimerWork(undefined), delay as number, options?.ref, scope))
    : byPromise('scheduler.wait', original, self, args, 1)
}

function ownedYield(original: Callable, self: unknown, args: unknown[]): unknown {
  return byPromise('scheduler.yield', original, self, args, args.length)
}

function ownedInterval(original: Callable, self: unknown, args: unknown[]): unknown {
  const [delay, value, options] = args
  if (!takesSignal(options)) return Reflect.apply(original, self, args)
  const work = new SignalWork('setInterval', options?.signal)
  return ownNext(Reflect.apply(original, self, [delay, value, signalled(options, work)]), work)
}

const looked = new WeakMap<Callable, boolean>()

/** Whether a function is Node's own, by the words of its text. What others have put before ours (a tracer, fake time) is called. */
function isNodes(original: Callable): boolean {
  let nodes = looked.get(original)
  if (nodes === undefined) {
    nodes = /\bk(EmptyObject|Scheduler)\b/.test(Function.prototype.toString.call(original))
    looked.set(original, nodes)
  }
  return nodes
}

/** Whether arguments are sound, and without a signal: then a timer will do. */
function simple(delay: unknown, options: unknown): options is { ref?: boolean } | undefined {
  if (delay !== undefined && typeof delay !== 'number') return false
  if (options === undefined) return true
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return false
  const { signal, ref } = options as { signal?: unknown; ref?: unknown }
  return signal === undefined && (ref === undefined || typeof ref === 'boolean')
}

function byPromise(
  kind: string,
  original: Callable,
  self: unknown,
  args: unknown[],
  optionsAt: number,
): unknown {
  const options = args[optionsAt]
  if (optionsAt >= args.length || !takesSignal(options)) {
    return refused() ?? new CallWork(kind).follow(Reflect.apply(original, self, args))
  }
  const work = new SignalWork(kind, options?.signal)
  const given = args.with(optionsAt, signalled(options, work))
  return refused() ?? work.follow(Reflect.apply(original, self, given))
}

/** As small as can be: thousands of them may wait at once. */
class TimerWork extends Work {
  readonly value: unknown
  promise: Promise<unknown> | null = null
  resolve: (value: unknown) => void = ignore
  timer: NodeJS.Timeout | null = null

  constructor(value: unknown) {
    super()
    this.value = value
  }

  get kind(): string {
    return 'setTimeout'
  }

  /** By the time at which Node's timer began: reading the clock would be a large part of the cost of one. */
  override get begunMs(): number {
    const probe = timers.setTimeout(ignore, 1)
    timers.clearTimeout(probe)
    return now() - (loopTimeOf(probe) - loopTimeOf(this.timer!))
  }

  override noteBegin(): void {}

  override abort(reason: unknown): void {
    timers.clearTimeout(this.timer!)
    // One that nobody waits for is silent.
    this.promise!.catch(ignore)
    this.resolve(Promise.reject(new AbortError(reason)))
  }
}

/** When a timer was set, by the clock of the event loop; unknown, of a timer that somebody else has put in place. */
function loopTimeOf(timer: NodeJS.Timeout): number {
  return (timer as { _idleStart?: number })._idleStart ?? 0
}

function start(
  work: TimerWork,
  delay: number,
  ref: boolean | undefined,
  scope: WorkScope,
): Promise<unknown> {
  starting = work
  work.promise = new Promise(takeResolve)
  const timer: OwnedTimer = timers.setTimeout(fire, delay)
  timer[WORK] = work
  work.timer = timer
  if (ref === false) timer.unref()
  attach(work, scope)
  return work.promise
}

let starting: TimerWork

function takeResolve(resolve: (value: unknown) => void): void {
  starting.resolve = resolve
}

/** A property costs less than an argument or a closure. */
const WORK = Symbol('@greenhouse/emulation/work')

type OwnedTimer = NodeJS.Timeout & { [WORK]?: TimerWork }

function fire(this: OwnedTimer): void {
  const work = this[WORK]!
  detach(work)
  work.resolve(work.value)
}
