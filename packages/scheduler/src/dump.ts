// The state of everything, as plain data and as text: which greenlets there are, and what each waits for.
import type { CoreGreenlet } from './core/greenlet.ts'
import { inspected, type Inspectable } from './core/inspection.ts'
import { GENERATOR, INITIAL, LIFE } from './core/life.ts'
import { main } from './core/main.ts'
import { openOperations, parkedOperation } from './core/open-operations.ts'
import { type Operation } from './core/operation.ts'
import { livingCount, livingGreenlets } from './core/registry.ts'
import { entriesRun, queueLength } from './core/run-queue.ts'
import type { Scope } from './core/scope.ts'
import { waitSite } from './core/sites.ts'
import { keepingTimers, now } from './core/timers.ts'
import { workOf } from './core/work.ts'
import type { Greenlet, GreenletState } from './greenlet.ts'

/** One wait, or a scope with the waits inside it. */
export interface WaitDump {
  /** "Queue.get", "withTimeout", … */
  readonly kind: string
  /** Milliseconds that it has lasted. */
  readonly forMs: number
  /** The name of what it waits on, where that has one. */
  readonly on?: string
  /** Who has what it waits for: "greenlet 3 "worker"". */
  readonly heldBy?: string
  /** Milliseconds to the deadline of a scope. */
  readonly leftMs?: number
  /** The place of the wait, when places are recorded. */
  readonly site?: string
  /** The waits inside, of a scope. */
  readonly inside?: readonly WaitDump[]
}

/** One greenlet. */
export interface GreenletDump {
  readonly id: number
  readonly name: string
  readonly kind: 'main' | 'generator' | 'async' | 'unstarted'
  readonly state: GreenletState
  readonly parent: number | null
  readonly daemon: boolean
  readonly waits: readonly WaitDump[]
  /** Where it was spawned, when places are recorded. */
  readonly spawnSite?: string
  /** Where it was found waiting a grace period after its end. */
  readonly ignoredEndAt?: string
  /** Whether it has outlived its group. */
  readonly detached: boolean
  /** Scopes whose call was answered while their body still runs. */
  readonly abandoned: readonly string[]
}

/** The state of everything. */
export interface Dump {
  readonly greenlets: readonly GreenletDump[]
  readonly registered: readonly {
    readonly kind: string
    readonly name?: string
    readonly statistics: object
  }[]
}

/** Figures of the scheduler. */
export interface SchedulerStatistics {
  /** Greenlets that have not finished, main included. */
  readonly greenlets: number
  /** Entries in the run queue. */
  readonly ready: number
  /** Entries that have run since the start. */
  readonly entriesRun: number
  /** Timers that keep the process alive. */
  readonly timers: number
}

/**
 * Gives the state of everything as plain data.
 *
 * @returns the living greenlets by id, and the pools, queues and the like that have a name.
 * @example
 * ```ts
 * import { dump, pause, pauseFor, schedule, end } from '@greenhouse/scheduler'
 *
 * const sleeper = schedule(async function sleeper() {
 *   await pauseFor(1000)
 * })
 * await pause()
 * console.log(dump().greenlets.at(-1)?.waits[0]?.kind) // => pauseFor
 * end(sleeper)
 * ```
 */
export function dump(): Dump {
  const greenlets = livingGreenlets<CoreGreenlet>().sort((a, b) => a.id - b.id)
  return {
    greenlets: greenlets.map(dumpGreenlet),
    registered: inspected().map(({ kind, object }) => ({
      kind,
      ...(object.name === undefined ? {} : { name: object.name }),
      statistics: object.statistics(),
    })),
  }
}

/**
 * Gives figures of the scheduler.
 *
 * @returns how many greenlets, ready entries, entries run, and timers that keep the process alive.
 */
export function statistics(): SchedulerStatistics {
  return {
    greenlets: livingCount(),
    ready: queueLength(),
    entriesRun: entriesRun(),
    timers: keepingTimers(),
  }
}

/** One greenlet as plain data. */
export function dumpGreenlet(subject: Greenlet): GreenletDump {
  const greenlet = subject as CoreGreenlet
  const { extra } = greenlet
  return {
    id: greenlet.id,
    name: greenlet.name,
    kind: kindOf(greenlet),
    state: greenlet.state,
    parent: greenlet.parent?.id ?? null,
    daemon: greenlet.daemon,
    waits: waitsOf(greenlet),
    ...(extra?.spawnSite === undefined ? {} : { spawnSite: extra.spawnSite }),
    ...(extra?.ignoredEndAt === undefined ? {} : { ignoredEndAt: extra.ignoredEndAt }),
    detached: extra?.group?.detached ?? false,
    abandoned: [...(extra?.abandoned ?? [])].map((region) => region.kind),
  }
}

/**
 * What a greenlet waits for innermost, inside its scopes; null when it waits for nothing. Allocates nothing, so that very many
 * can be looked at in a row.
 */
export function innermostWait(greenlet: Greenlet): Operation | null {
  let operation = parkedOperation(greenlet as CoreGreenlet)
  while (operation?.source.region !== undefined) {
    const inside = parkedOperation(operation.source.region)
    if (inside === null) break
    operation = inside
  }
  return operation
}

function kindOf(greenlet: CoreGreenlet): GreenletDump['kind'] {
  if (greenlet === main) return 'main'
  if ((greenlet.bits & LIFE) === INITIAL) return 'unstarted'
  return (greenlet.bits & GENERATOR) === 0 ? 'async' : 'generator'
}

function waitsOf(scope: Scope): WaitDump[] {
  const waits = new Set(openOperations(scope).filter((operation) => operation.parked))
  if (scope.input !== null && scope.input.parked) waits.add(scope.input)
  const work = workOf(scope).map(({ kind, begunMs }) => ({
    kind,
    forMs: millisecondsSince(begunMs),
  }))
  return [...[...waits].map(dumpWait), ...work]
}

function dumpWait(operation: Operation): WaitDump {
  const { kind, owner, region } = operation.source
  const site = waitSite(operation)
  const holder = (owner as Inspectable | null | undefined)?.holder
  return {
    kind,
    forMs: millisecondsSince(operation.sinceMs),
    ...(owner?.name === undefined ? {} : { on: owner.name }),
    ...(holder == null ? {} : { heldBy: `greenlet ${holder.id} "${holder.name}"` }),
    ...(site === undefined ? {} : { site }),
    ...(region === undefined ? {} : { inside: waitsOf(region) }),
    ...(region === undefined || region.deadlineMs === Infinity
      ? {}
      : { leftMs: millisecondsUntil(region.deadlineMs) }),
  }
}

function millisecondsSince(atMs: number): number {
  return Math.max(0, Math.round(now() - atMs))
}

function millisecondsUntil(atMs: number): number {
  return Math.max(0, Math.round(atMs - now()))
}
