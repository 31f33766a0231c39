// A child process of Node and the group that it leads: how it ended, who waits for that, and how it is made to go.
//
//   terminate: SIGTERM to the group --graceMs--> SIGKILL to the group          (called off when nobody is left in it)
import { spawn, type ChildProcess, type SpawnOptions as NodeSpawnOptions } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { end, getCurrent, greenlet, pauseFor, schedule } from '@greenhouse/scheduler'
import type { Blocking, Greenlet, Steps, WaitOptions } from '@greenhouse/scheduler'
import { complete, fail, outsideScopes, refuse } from '@greenhouse/scheduler/kernel'
import { OutsideList } from './core/outside.ts'
import { DEFAULT_GRACE_MS, type ProcessOptions } from './process-options.ts'
import { letGo, lookAfter, type Ward } from './process-orphans.ts'
import type { ProcessExit } from './process-result.ts'

export class Child implements Ward {
  readonly pid: number | undefined
  readonly stdin: Writable | null
  readonly stdout: Readable | null
  readonly stderr: Readable | null
  readonly ownGroup: boolean
  readonly graceMs: number
  exit: ProcessExit | null = null
  /** Why it could not be started. */
  failure: Error | null = null
  /** Whether it was told to go. */
  ending = false
  /** @internal */
  readonly node: ChildProcess
  /** @internal */
  readonly waiters: OutsideList<ProcessExit> = new OutsideList('Process.wait')
  /** @internal */
  readonly listeners: Set<() => void> = new Set()
  /** @internal */
  killer: Greenlet | null = null
  /** @internal Whether nobody is left whom a signal may reach: the number may belong to others by now. */
  empty = false

  constructor(
    command: string,
    args: readonly string[],
    options: ProcessOptions<BufferEncoding | undefined>,
  ) {
    const { stdin = 'pipe', stdout = 'pipe', stderr = 'pipe', ownGroup = true } = options
    const { cwd, env, shell = false, argv0, uid, gid, graceMs = DEFAULT_GRACE_MS } = options
    this.ownGroup = ownGroup && process.platform !== 'win32'
    this.graceMs = graceMs
    // Before it is there: a signal that comes while it starts must find it looked after.
    lookAfter(this)
    const node = spawnOr(() => letGo(this), command, args, {
      shell,
      detached: this.ownGroup,
      windowsHide: true,
      stdio: [stdin, stdout, stderr],
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env }),
      ...(argv0 !== undefined && { argv0 }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    })
    this.node = node
    this.pid = node.pid
    this.stdin = node.stdin
    this.stdout = node.stdout
    this.stderr = node.stderr
    for (const stream of this.streams()) stream.on('error', ignore)
    // At the end of the child Node throws away what nobody has read of these.
    Object.assign(node, { stdio: [] })
    node.on('error', this.onError)
    if (this.pid === undefined) letGo(this)
    else node.once('exit', this.onExit)
  }

  /** Whether it has ended, or never began. */
  get over(): boolean {
    return this.exit !== null || this.failure !== null
  }

  wait(options: WaitOptions | undefined): Blocking<ProcessExit> {
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.failure !== null) return fail(this.failure)
    if (this.exit !== null) return complete(this.exit)
    return this.waiters.park<ProcessExit>(undefined, options)
  }

  /** Calls a function when it is over. */
  whenOver(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Signals the child alone; false when it is over. */
  signal(signal: NodeJS.Signals | 0): boolean {
    return this.pid !== undefined && this.exit === null && this.node.kill(signal)
  }

  /** Signals all of its group; false when nobody is left. */
  signalAll(signal: NodeJS.Signals | 0): boolean {
    if (!this.ownGroup) return this.signal(signal)
    if (this.pid === undefined || this.empty) return false
    try {
      process.kill(-this.pid, signal)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ESRCH' && this.exit !== null) this.empty = true
      // Members of another user, or dead ones on macOS.
      if (code === 'ESRCH' || code === 'EPERM') return code === 'EPERM' && this.exit === null
      throw error
    }
  }

  /** Makes all of the group go: by SIGTERM, and after the grace period by SIGKILL. */
  terminate(graceMs: number = this.graceMs): void {
    if (this.ending || !this.signalAll(0)) return
    this.ending = true
    lookAfter(this)
    if (graceMs === 0) return this.kill()
    this.signalAll('SIGTERM')
    // A stopped one would not notice.
    this.signalAll('SIGCONT')
    const name = `SIGKILL of ${this.pid}`
    this.killer = schedule(greenlet(killAfter, { args: [this, graceMs], name, daemon: true }))
  }

  /** The grace is over. */
  kill(): void {
    this.ending = true
    this.signalAll('SIGKILL')
    this.calledOff()
  }

  /** Nobody wants anything of it any more: makes it go, reads what it still writes, and closes its streams when it is over. */
  abandon(graceMs?: number): void {
    this.terminate(graceMs)
    this.stdin?.destroy()
    if (this.over) return this.destroyStreams()
    this.stdout?.resume()
    this.stderr?.resume()
    this.whenOver(() => this.destroyStreams())
  }

  destroyStreams(): void {
    for (const stream of this.streams()) stream.destroy()
  }

  /** @internal */
  streams(): (Readable | Writable)[] {
    return [this.stdin, this.stdout, this.stderr].filter((stream) => stream !== null)
  }

  /** @internal */
  calledOff(): void {
    const { killer } = this
    this.killer = null
    if (killer !== null && killer !== getCurrent()) end(killer)
    if (this.over) letGo(this)
  }

  /** @internal */
  readonly onError = (error: Error): void => {
    // Others tell of a signal that could not be sent.
    if (this.pid !== undefined) return
    this.failure = error
    this.destroyStreams()
    this.waiters.failAll(() => error)
    this.tell()
  }

  /** @internal */
  readonly onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
    this.exit = { code, signal }
    // What is left of the group was left on purpose, unless it has been told to go.
    const left = this.signalAll(0)
    if (!this.ending || !left || this.killer === null) this.calledOff()
    this.waiters.wakeAll(this.exit)
    this.tell()
  }

  /** @internal */
  tell(): void {
    for (const listener of this.listeners) listener()
    this.listeners.clear()
  }
}

/** Waits out the grace. What is left of a group when its leader has ended can only be asked for now and then. */
function* killAfter(child: Child, graceMs: number): Steps<void> {
  let stepMs = 10
  for (let leftMs = graceMs; leftMs > 0; leftMs -= stepMs) {
    stepMs = Math.min(2 * stepMs, 500, leftMs)
    yield* pauseFor(stepMs)
    if (child.over && !child.signalAll(0)) return child.calledOff()
  }
  child.kill()
}

function spawnOr(
  failed: () => void,
  command: string,
  args: readonly string[],
  options: NodeSpawnOptions,
): ChildProcess {
  try {
    // What belongs to the caller is this object, not the child of Node: no patch need look after that, too.
    return outsideScopes(spawn, command, args, options)
  } catch (error) {
    failed()
    throw error
  }
}

function ignore(): void {}
