// Admission to a module graph: one flow of control at a time, so that code which was written to block never meets itself. The
// same flow may enter again; others wait in order of arrival; a circle of waits between graphs fails instead of hanging.
import { AsyncLocalStorage } from 'node:async_hooks'
import { getCurrent, GreenhouseError, mainGreenlet } from '@greenhouse/scheduler'
import type { Blocking, Greenlet } from '@greenhouse/scheduler'
import { fail, resume, WaitList, type Expire } from '@greenhouse/scheduler/kernel'

/** A flow of control: a greenlet, or one of the many flows of main. */
export interface Entrant {
  waitsFor: Gate | null
}

export class Gate {
  /** What it guards, for messages. */
  readonly name: string
  readonly waiters: WaitList<unknown>
  owner: Entrant | null = null
  levels = 0

  constructor(name: string) {
    this.name = name
    this.waiters = new WaitList<unknown>(`patched(${name})`, () => this.leave())
  }

  /** Waits for admission. It must be left with `leave`, once for each time. */
  enter(me: Entrant): Blocking<unknown> {
    if (this.owner !== null && this.owner !== me) return this.wait(me)
    this.owner = me
    this.levels++
    return this.waiters.complete(undefined)
  }

  leave(): void {
    if (--this.levels > 0) return
    const next = this.waiters.shift()
    this.owner = next === null ? null : (next.value as Entrant)
    if (next === null) return
    this.levels = 1
    this.owner!.waitsFor = null
    resume(next, undefined)
  }

  /** @internal */
  wait(me: Entrant): Blocking<unknown> {
    const held = heldBy(me, this)
    if (held !== null) return fail(circle(this, held))
    me.waitsFor = this
    notice(this.name)
    return this.waiters.park(me, undefined, never)
  }
}

/** The gate at the end of the waits for another that `me` is inside of; null where there is none. */
function heldBy(me: Entrant, wanted: Gate): Gate | null {
  let gate: Gate | null = wanted
  while (gate !== null && gate.owner !== me) gate = gate.owner?.waitsFor ?? null
  return gate
}

const flows = new AsyncLocalStorage<Entrant>()
const entrants = new WeakMap<Greenlet, Entrant>()

/** The flow that runs now. */
export function currentEntrant(): Entrant {
  const greenlet = getCurrent()
  if (greenlet === mainGreenlet) return flows.getStore() ?? { waitsFor: null }
  let entrant = entrants.get(greenlet)
  if (entrant === undefined) entrants.set(greenlet, (entrant = { waitsFor: null }))
  return entrant
}

/** Runs as the given flow. */
export function asEntrant<T>(entrant: Entrant, fn: () => T): T {
  return getCurrent() === mainGreenlet ? flows.run(entrant, fn) : fn()
}

const never: Expire = () => {}

let noticed = false

/** Says once that calls wait for each other, and how to lift that. */
function notice(name: string): void {
  if (noticed) return
  noticed = true
  const told =
    `Calls of ${name} wait for each other: one greenlet at a time is inside a library. ` +
    '`patched(name, { concurrent: true })` lifts that for one that several may enter.'
  process.emitWarning(told, { type: 'GreenhouseNotice', code: 'GH_ONE_AT_A_TIME' })
}

function circle(wanted: Gate, held: Gate): GreenhouseError {
  return new GreenhouseError(
    'GH_DEADLOCK',
    `A caller inside ${held.name} waits for ${wanted.name}, whose caller waits for ${held.name}. Each library admits one ` +
      'greenlet at a time; `concurrent: true` lifts that for a library that can be entered by several.',
  )
}
