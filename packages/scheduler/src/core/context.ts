// Which scope is current. While the mainloop steps a greenlet, a variable says so; continuations of async functions can
// know it only through an AsyncLocalStorage. On Node 20 and 22 its mere existence makes every `await` of the process
// 2.5 times dearer, and on later ones a context of one's own costs 300 ns a spawn: so it is made when the first greenlet
// that may be async starts, not before, and each living greenlet then gets its context.
import { AsyncLocalStorage } from 'node:async_hooks'
import { finished } from './life.ts'
import type { Scope } from './scope.ts'

/** From Node 24 on a context is a frame beside the resources, no longer a property of them. */
const FRAMES = Number(process.versions.node.split('.')[0]) >= 24

/** The scope on whose behalf code runs right now, inside a step of the mainloop. */
export let running: Scope | null = null
/** The same, when what is being stepped is a generator: only then may `next()` of an operation park. */
export let stepping: Scope | null = null

let storage: AsyncLocalStorage<Scope> | null = null
let main: Scope

export function setMainScope(scope: Scope): void {
  main = scope
}

export function mainScope(): Scope {
  return main
}

export function isMain(scope: Scope): boolean {
  return scope === main
}

export function setRunning(scope: Scope | null, generator: Scope | null): void {
  running = scope
  stepping = generator
}

/** The scope to which a blocking call made now belongs: that of the greenlet while it lives, then main. */
export function currentScope(): Scope {
  if (running !== null) return running
  if (storage === null) return main
  const scope = storage.getStore()
  return scope === undefined ? main : living(scope)
}

/** Whether greenlets have contexts of their own yet. */
export function contextsExist(): boolean {
  return storage !== null
}

/** Makes the storage where there is none yet, and a context for each scope that lives already. */
export function makeContexts(living: () => Iterable<Scope>): void {
  if (storage !== null) return
  storage = new AsyncLocalStorage<Scope>()
  for (const scope of living()) ownContext(scope)
  // A frame once entered is fixed: the step that is under way gets a new one, which it leaves with its resource.
  if (FRAMES && running !== null) storage.enterWith(running)
}

/** Gives a scope, whose resource was made in its spawner's context, a context in which it is current itself. */
export function ownContext(scope: Scope): void {
  scope.runInAsyncScope(FRAMES ? makeResource : enter, null, scope)
}

/** Calls `fn` with `scope` current, whatever is being stepped; null stands for main. */
export function callIn<A extends unknown[], R>(
  scope: Scope | null,
  fn: (...args: A) => R,
  args: A,
): R {
  const outer = running
  const outerStep = stepping
  setRunning(storage === null ? scope : null, null)
  try {
    return storage === null ? fn(...args) : storage.run(scope ?? main, fn, ...args)
  } finally {
    setRunning(outer, outerStep)
  }
}

/** Calls `fn` in a context in which `scope` is current. */
export function callInContext<R>(scope: Scope, fn: (...args: never[]) => R, args: unknown[]): R {
  return storage!.run(scope, fn as (...args: unknown[]) => R, ...args)
}

function makeResource(scope: Scope): void {
  scope.makeOwnResource(storage!)
}

function enter(scope: Scope): void {
  storage!.enterWith(scope)
}

/** The nearest scope, from this one outwards, that has not finished. */
export function living(scope: Scope): Scope {
  let at: Scope | null = scope
  while (at !== null && finished(at)) at = at.outer
  return at ?? main
}
