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
}

interface SpawnOptions {
  readonly detached?: unknown
  readonly killSignal?: NodeJS.Signals | number
}

function ownedSpawn(spawn: Callable, child: ChildProcess, args: unknown[]): unknown {
  const result: unknown = Reflect.apply(spawn, child, args)
  const { detached, killSignal } = args[0] as SpawnOptions
  if (detached || (child.channel ?? null) !== null || child.pid === undefined) return result
  ownChild(child, killSignal)
  const pending = takePendingInterruption()
  // As for a signal that was aborted before: listeners come after this call.
  if (pending !== null) process.nextTick(abortOwned, child, pending.error)
  return result
}
