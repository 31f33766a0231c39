// A resource that belongs to a scope until it closes.
import type { EventEmitter } from 'node:events'
import { attach, detach, Work } from '@greenhouse/scheduler/kernel'
import { AbortError, ignore } from './abort-error.ts'

type Emitter = Pick<EventEmitter, 'on' | 'emit'>

/** On the resource itself: a table of tens of thousands of them would burden the garbage collector. */
const OWNER = Symbol.for('@greenhouse/emulation/owner')

type Owned = { [OWNER]?: ResourceWork }

export abstract class ResourceWork<R extends Emitter = Emitter> extends Work {
  readonly resource: R

  constructor(resource: R) {
    super()
    this.resource = resource
  }

  override abort(reason: unknown): boolean {
    const over = this.over
    // Listeners of the library may be gone, or remove themselves before the error comes.
    this.resource.on('error', ignore)
    this.tearDown(new AbortError(reason))
    return !over
  }

  /** Whether its user has been told that it is over, although it has not closed yet. */
  get over(): boolean {
    return false
  }

  /** Stops it, as Node's own signal does. */
  abstract tearDown(error: AbortError): void
}

/** Whether a resource has belonged to a scope. */
export function isOwned(resource: object): boolean {
  return (resource as Owned)[OWNER] !== undefined
}

/** Aborts one that belongs to a scope. */
export function abortOwned(resource: object, reason: unknown): void {
  const work = (resource as Owned)[OWNER]
  if (work !== undefined && detach(work)) work.abort(reason)
}

/** Makes a resource belong to the current scope, until one of its events says that it is over. */
export function take<R extends Emitter>(
  resource: R,
  over: string,
  make: (resource: R) => ResourceWork<R>,
): void {
  let work = (resource as Owned)[OWNER]
  if (work === undefined) {
    work = make(resource) as unknown as ResourceWork
    ;(resource as Owned)[OWNER] = work
    resource.on(over, release)
  }
  detach(work)
  attach(work)
}

function release(this: Emitter): void {
  detach((this as Owned)[OWNER]!)
}
