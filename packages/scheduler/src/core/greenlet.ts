// A greenlet: the outermost scope of itself, with an identity, joiners, and a place in the registry while it lives.
import type { Blocking, WaitOptions } from '../blocking.ts'
import { wrongType, wrongValue } from '../check.ts'
import { GreenhouseError, GreenletExit, TimeoutError } from '../errors.ts'
import type { Greenlet, GreenletState, Wait } from '../greenlet.ts'
import { report } from '../handlers.ts'
import { refuse } from './begin.ts'
import { currentScope, mainScope } from './context.ts'
import { extraOf } from './extra.ts'
import { forgetReminder } from './grace.ts'
import { brandAs, isOwn } from './identity.ts'
import * as life from './life.ts'
import { openOperations, track, untrack } from './open-operations.ts'
import { blocking, FAILED, failedOperation, release, settle, type Operation } from './operation.ts'
import { handled } from './orphans.ts'
import { register, unregister } from './registry.ts'
import { Scope } from './scope.ts'
import { callSite, recording } from './sites.ts'
import { endedBy, lifeWatched, spawnedBy } from './telemetry.ts'
import { currentClock, stopTimer } from './timers.ts'
import { complete, WaitList } from './wait-list.ts'
import { leaveWork, toldBy, workOf } from './work.ts'

const STATES: readonly GreenletState[] = ['initial', 'blocked', 'finished', 'failed', 'ended']

let lastId = 0

export class CoreGreenlet extends Scope implements Greenlet {
  readonly id: number
  slot: number
  joiners: WaitList | null

  constructor(outer: Scope | null, bits: number, fn: unknown, args: unknown) {
    super(outer, bits, fn, args)
    this.id = lastId++
    this.slot = -1
    this.joiners = null
    register(this)
    if (lifeWatched) spawnedBy(this)
    if (recording) extraOf(this).spawnSite = callSite()
  }

  get greenlet(): CoreGreenlet {
    return this
  }

  get parent(): Greenlet | null {
    return this.outer === null ? null : this.outer.greenlet
  }

  get name(): string {
    const { fn } = this
    return this.extra?.name ?? ((typeof fn === 'function' ? fn.name : 'main') || 'greenlet')
  }

  set name(name: string) {
    extraOf(this).name = name
  }

  get daemon(): boolean {
    return (this.bits & life.DAEMON) !== 0
  }

  get state(): GreenletState {
    if ((this.bits & life.LIFE) !== life.ALIVE) return STATES[this.bits & life.LIFE]!
    if (currentScope().greenlet === this) return 'running'
    const waits = this.input === null ? openOperations(this) : [this.input]
    const parked = waits.some((operation) => operation.parked)
    return waits.length > 0 && !parked ? 'ready' : 'blocked'
  }

  get result(): unknown {
    return (this.bits & life.LIFE) === life.FINISHED ? this.body : undefined
  }

  get error(): unknown {
    return (this.bits & life.LIFE) > life.FINISHED ? this.body : undefined
  }

  get signal(): AbortSignal {
    const extra = extraOf(this)
    if (extra.controller === undefined) {
      extra.controller = new AbortController()
      if (extra.exit !== undefined) extra.controller.abort(extra.exit)
    }
    return extra.controller.signal
  }

  get blockedOn(): readonly Wait[] {
    const nowMs = currentClock().now()
    const waits = new Set(openOperations(this).filter((operation) => operation.parked))
    if (this.input !== null && this.input.parked) waits.add(this.input)
    const known = [...waits].map(({ source, sinceMs }) => ({ kind: source.kind, sinceMs }))
    const work = workOf(this).map(({ kind, begunMs }) => ({ kind, sinceMs: begunMs }))
    return [...known, ...work].map(({ kind, sinceMs }) => ({
      kind,
      forMs: Math.max(0, nowMs - sinceMs),
    }))
  }

  join(options?: WaitOptions): Blocking<unknown> {
    const refused = refuse(options)
    if (refused !== null) return refused
    switch (this.bits & life.LIFE) {
      case life.FINISHED:
        return complete(this.body)
      case life.FAILED:
      case life.ENDED:
        if ((this.bits & life.ORPHAN) !== 0) handled(this)
        return blocking(failedOperation(currentScope(), this.body, false))
    }
    if (currentScope().greenlet === this) {
      throw new GreenhouseError('GH_INVALID_STATE', `${describe(this)} cannot join itself`)
    }
    return (this.joiners ??= new WaitList('join')).park(undefined, options, joinTimedOut)
  }

  finish(outcome: typeof life.FINISHED | typeof life.FAILED, result: unknown): void {
    const { outer } = this
    const value = outcome === life.FAILED ? toldBy(this, result) : result
    const ended = outcome === life.FAILED && isOwnExit(this, value)
    this.bits = (this.bits & ~life.LIFE) | (ended ? life.ENDED : outcome)
    this.body = value
    this.input = null
    this.outer = null
    unregister(this)
    if (lifeWatched) endedBy(this, outcome === life.FAILED && !ended, value)
    const group = this.extra?.group
    if (this.extra !== null)
      leaveWork(this, outer, outcome === life.FAILED || this.extra.exit !== undefined, value)
    if (this.pending !== null || this.extra !== null) tidy(this)
    const taken = group?.childFinished(this, outcome === life.FAILED && !ended, value) ?? false
    const { joiners } = this
    if (joiners !== null && joiners.size > 0) {
      if (outcome === life.FINISHED) joiners.wakeAll(value)
      else joiners.failAll(() => value)
    } else if (outcome === life.FAILED && !ended && !taken) report(value, this)
    this.joiners = null
  }

  get [Symbol.toStringTag](): string {
    return 'Greenlet'
  }
}

brandAs('greenlet', CoreGreenlet.prototype)

/**
 * Whether a value is a greenlet.
 *
 * @throws {GH_VERSION} for a greenlet of another kernel: of another vm context, or of another major of the kernel.
 */
export function isGreenlet(value: unknown): value is Greenlet {
  return isOwn('greenlet', value)
}

/** Demands a greenlet, and gives its inner form. */
export function demandGreenlet(name: string, value: unknown): CoreGreenlet {
  if (!isGreenlet(value)) wrongType(name, 'a greenlet', value)
  return value as CoreGreenlet
}

/** Demands a greenlet that has not finished. */
export function demandLiving(name: string, value: unknown): CoreGreenlet {
  const greenlet = demandGreenlet(name, value)
  if (life.finished(greenlet))
    wrongValue(name, 'a greenlet that has not finished', describe(greenlet))
  return greenlet
}

export function describe(greenlet: CoreGreenlet): string {
  return `greenlet ${greenlet.id} "${greenlet.name}" (${greenlet.state})`
}

export function currentGreenlet(): CoreGreenlet {
  return currentScope().greenlet as CoreGreenlet
}

/** Who is recorded as the spawner of a new greenlet: nobody when it is main, which never goes away. */
export function spawner(): Scope | null {
  const scope = currentScope()
  return scope === mainScope() ? null : scope
}

function tidy(greenlet: CoreGreenlet): void {
  const open = openOperations(greenlet)
  if ((greenlet.bits & (life.LEAVES | life.ENDING)) === life.LEAVES) passToMain(open)
  else if (open.length > 0) {
    const exit =
      greenlet.extra?.exit ?? new GreenletExit('The greenlet that waited has finished', greenlet)
    for (const operation of open) release(operation, exit)
  }
  const { extra } = greenlet
  if (extra === null) return
  forgetReminder(greenlet)
  if (extra.timers !== undefined) for (const timer of extra.timers) stopTimer(timer)
  const { name, controller, exit, handlers, ignoredEndAt, spawnSite } = extra
  // It may still stand in the run queue.
  greenlet.bits &= ~life.OWN_RESOURCE
  greenlet.extra = { name, controller, exit, handlers, ignoredEndAt, spawnSite } as typeof extra
}

/** Async functions go on that were begun in a greenlet which stands for code outside all greenlets. */
function passToMain(open: readonly Operation[]): void {
  for (const operation of open) {
    untrack(operation)
    operation.scope = mainScope()
    if (operation.source.region !== undefined) operation.source.region.outer = mainScope()
    track(operation)
  }
}

/**
 * Makes what is open in a greenlet at its end go on as that of main, unless it is ended. For greenlets that stand for code
 * which natively runs outside all of them: the async functions that it has begun go on then, too.
 */
export function leaveOpen(greenlet: Greenlet): void {
  demandLiving('greenlet', greenlet).bits |= life.LEAVES
}

function isOwnExit(greenlet: CoreGreenlet, error: unknown): boolean {
  const exit = error as GreenletExit | undefined | null
  if (!(error instanceof Error) || exit?.code !== 'GH_EXIT') return false
  exit.greenlet ??= greenlet
  return exit.greenlet === greenlet
}

function joinTimedOut(operation: Operation, afterMs: number): void {
  settle(operation, FAILED, new TimeoutError('join', afterMs))
}
