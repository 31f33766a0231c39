// Child processes: told to go, their stdio closed (a grandchild may hold it open), and killed after a grace period.
import type { EventEmitter } from 'node:events'
import type { AbortError } from './abort-error.ts'
import { ResourceWork, take } from './resource-work.ts'

const GRACE_MS = 1000
// The child lives by real time, whatever clock greenhouse has. Bound now: others may fake it later.
const { setTimeout: later, clearTimeout: notLater } = globalThis

/** A child process of node:child_process. */
export type ChildLike = Pick<EventEmitter, 'on' | 'emit'> & {
  kill(signal?: NodeJS.Signals | number): boolean
  readonly pid?: number | undefined
  readonly exitCode?: number | null
  readonly signalCode?: NodeJS.Signals | null
  readonly stdin?: Stdio
  readonly stdout?: Stdio
  readonly stderr?: Stdio
}

type Stdio = { on(event: 'error', listener: () => void): unknown; destroy(): unknown } | null

/** @param killSignal - By which it is told to go; SIGTERM by default. */
export function ownChild(child: ChildLike, killSignal?: NodeJS.Signals | number): void {
  if (child.pid !== undefined) take(child, 'close', (one) => new ChildWork(one, killSignal))
}

class ChildWork extends ResourceWork<ChildLike> {
  readonly kind = 'child process'
  readonly killSignal: NodeJS.Signals | number | undefined

  constructor(child: ChildLike, killSignal: NodeJS.Signals | number | undefined) {
    super(child)
    this.killSignal = killSignal
  }

  override get over(): boolean {
    return gone(this.resource)
  }

  tearDown(error: AbortError): void {
    const { resource: child } = this
    if (!gone(child)) {
      child.kill(this.killSignal)
      const killer = later(() => child.kill('SIGKILL'), GRACE_MS).unref()
      child.on('exit', () => notLater(killer))
    }
    child.emit('error', error)
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
  }
}

function gone({ exitCode, signalCode }: ChildLike): boolean {
  return (exitCode ?? null) !== null || (signalCode ?? null) !== null
}
