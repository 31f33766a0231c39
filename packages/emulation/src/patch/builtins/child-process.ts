// child_process: every child, by whichever call it was started, and whoever has taken that call out of its module before.
// A detached child is to outlive its starter, and one with a channel is a worker that others may use: these are left alone.
import type { ChildProcess } from 'node:child_process'
import { takePendingInterruption } from '@greenhouse/scheduler/kernel'
import { ownChild } from '../own-child.ts'
import type { PatchDefinition } from '../patch-set.ts'
import { abortOwned } from '../resource-work.ts'
import type { Callable } from '../wrapper.ts'

/** @internal */
export const childProcessPatch: PatchDefinition = {
  name: 'child_process',
  replacements: () => {
    const { ChildProcess } = process.getBuiltinModule('child_process')
    const target = ChildProcess.prototype as object
    return [{ target, key: 'spawn', path: 'ChildProcess.prototype.spawn', owned: ownedSpawn }]
  },
  // All children of the process have that prototype: views replace what starts one.
  viewed: () => {
    const target = process.getBuiltinModule('child_process')
    return [
      { target, key: 'spawn', owned: ownedStart },
      { target, key: 'exec', owned: ownedRun, promisified: ownedPromise },
      { target, key: 'execFile', owned: ownedRun, promisified: ownedPromise },
    ]
  },
}

interface SpawnOptions {
  readonly detached?: unknown
  readonly killSignal?: NodeJS.Signals | number | undefined
}

function ownedSpawn(spawn: Callable, child: ChildProcess, args: unknown[]): unknown {
  const result: unknown = Reflect.apply(spawn, child, args)
  takeChild(child, args[0] as SpawnOptions)
  return result
}

function ownedStart(start: Callable, self: unknown, args: unknown[]): unknown {
  const child = Reflect.apply(start, self, args) as ChildProcess
  takeChild(child, optionsOf(args))
  return child
}

/** `exec` and `execFile` know nothing of `detached`. */
function ownedRun(run: Callable, self: unknown, args: unknown[]): unknown {
  const child = Reflect.apply(run, self, args) as ChildProcess
  takeChild(child, { killSignal: optionsOf(args).killSignal })
  return child
}

function ownedPromise(run: Callable, self: unknown, args: unknown[]): unknown {
  const promise = Reflect.apply(run, self, args) as Promise<unknown> & { child: ChildProcess }
  takeChild(promise.child, { killSignal: optionsOf(args).killSignal })
  return promise
}

/** The options of a call that starts a child: behind the command, and the arguments where there are some. */
function optionsOf([, ...args]: unknown[]): SpawnOptions {
  const isOptions = (arg: unknown): arg is SpawnOptions =>
    typeof arg === 'object' && arg !== null && !Array.isArray(arg)
  return args.find(isOptions) ?? {}
}

function takeChild(child: ChildProcess, { detached, killSignal }: SpawnOptions): void {
  if (detached || (child.channel ?? null) !== null || child.pid === undefined) return
  ownChild(child, killSignal)
  const pending = takePendingInterruption()
  // As for a signal that was aborted before: listeners come after this call.
  if (pending !== null) process.nextTick(abortOwned, child, pending.error)
}
