// `require` from green code: the module's body runs as part of the caller, which is suspended where the body waits. Node's own
// loader finds, reads and compiles the module; when it is about to run it, that is put off by an error which only this file
// catches, and the body runs here.
//
// A module whose body waits is entered by its loader only. Who else requires it waits until it is there; but who is required by
// it, in a circle, gets what there is so far, as natively.
import Module from 'node:module'
import { GreenhouseError, type Blocking } from '@greenhouse/scheduler'
import { WaitList } from '@greenhouse/scheduler/kernel'
import { call } from './call.ts'
import { attachTwin, Frame, link, state, SUSPEND, twinOf, type Callable } from './convention.ts'
import { timedOut, type Op } from './op.ts'
import { suspend } from './suspend.ts'

/** What compiled scripts call with their body. */
export const BODY = '$_T'

type Cache = Record<string, NodeModule | undefined>

/** Where the modules of one loader are while they are loaded. */
export interface Place {
  readonly cache: Cache
  readonly loads: Map<string, Load>
}

/** The body of a module that was put off. */
interface Body {
  readonly body: Callable
  readonly self: unknown
  readonly args: readonly unknown[]
  readonly module: NodeModule
}

/** Whose body is to be put off. */
let wanted: { readonly file: string; readonly place: Place; body: Body | null } | null = null

const PUT_OFF = new Error('The body of this module runs later')

/** Runs the body of a module, or puts it off. `args` are those of Node's wrapper. */
export function runBody(self: unknown, args: ArrayLike<unknown>, body: Callable): unknown {
  const module = args[2] as NodeModule
  greenRequire(args[1] as NodeJS.Require)
  const isWanted =
    wanted !== null && wanted.body === null && wanted.place.cache[wanted.file] === module
  if (!isWanted) return Reflect.apply(body, self, args)
  wanted!.body = { body, self, args: Array.from(args), module }
  throw PUT_OFF
}

/** Node's own loader. */
export const NODE: Place = {
  cache: (Module as unknown as { readonly _cache: Cache })._cache,
  loads: new Map(),
}

/** Gives a module's `require` its twin, unless it has one. */
export function greenRequire(require: NodeJS.Require, place: Place = NODE): NodeJS.Require {
  if (typeof require !== 'function' || twinOf(require) !== undefined) return require
  attachTwin(require as Callable, (request) => requireGreen(require, request as string, place))
  return require
}

function requireGreen(require: NodeJS.Require, request: string, place: Place): unknown {
  const file = state.green ? fileOf(require, request) : null
  if (file === null) return require(request)
  const load = place.loads.get(file)
  if (load !== undefined && !isOurs(load)) {
    return new Waiting(load, () => requireGreen(require, request, place)).go()
  }
  if (place.cache[file] !== undefined) return require(request)
  const outer = wanted
  const mine: NonNullable<typeof wanted> = { file, place, body: null }
  wanted = mine
  try {
    const exports: unknown = require(request)
    // A loader of somebody else's may have swallowed the error.
    if (mine.body === null) return exports
  } catch (error) {
    if (error !== PUT_OFF) throw error
  } finally {
    wanted = outer
  }
  return new Load(file, mine.body!, place).go()
}

function fileOf(require: NodeJS.Require, request: string): string | null {
  try {
    const file = require.resolve(request)
    return /\.(json|node)$/.test(file) ? null : file
  } catch {
    // Node says what is wrong.
    return null
  }
}

/** A module whose body runs. */
export class Load extends Frame {
  readonly file: string
  readonly body: Body
  /** Where it is loaded. */
  readonly within: Place
  /** In whose body it was required. */
  readonly outer: Load | null = state.loading
  /** What the flow of control waits for that runs the body. */
  waitsFor: Load | null = null
  readonly waiters: WaitList<unknown> = new WaitList<unknown>('require')

  constructor(file: string, body: Body, place: Place) {
    super()
    this.file = file
    this.body = body
    this.within = place
  }

  go(): unknown {
    const { file, within: place } = this
    const { body, self, args, module } = this.body
    // Node has taken it back because of the error.
    place.cache[file] = module
    const siblings = module.parent?.children
    if (siblings !== undefined && !siblings.includes(module)) siblings.push(module)
    place.loads.set(file, this)
    state.loading = this
    let result: unknown
    try {
      result = call('module', self, body, ...args)
    } catch (error) {
      return this.resume(error, true)
    }
    if (result !== SUSPEND) return this.resume(undefined, false)
    state.loading = this.outer
    return link(this)
  }

  resume(value: unknown, isError: boolean): unknown {
    const { file, within: place } = this
    const { module } = this.body
    state.loading = this.outer
    place.loads.delete(file)
    if (isError) {
      delete place.cache[file]
      const siblings = module.parent?.children
      const at = siblings?.indexOf(module) ?? -1
      if (at >= 0) siblings!.splice(at, 1)
    } else module.loaded = true
    this.waiters.wakeAll(undefined)
    if (isError) throw value
    return module.exports
  }
}

/** Whether a module is loaded by who runs now, or by somebody who waits for that. */
function isOurs(wantedLoad: Load): boolean {
  for (let load: Load | null = wantedLoad; load !== null; load = load.waitsFor) {
    for (let mine = state.loading; mine !== null; mine = mine.outer) if (mine === load) return true
  }
  return false
}

/** Waits until somebody else has loaded a module, or has failed to. */
class Waiting extends Frame implements Op<unknown> {
  readonly kind = 'require'
  readonly load: Load
  readonly from: Load | null = state.loading
  readonly next: () => unknown

  constructor(load: Load, next: () => unknown) {
    super()
    this.load = load
    this.next = next
  }

  go(): unknown {
    this.note(this.load)
    suspend(this)
    return link(this)
  }

  start(): Blocking<unknown> {
    return this.load.waiters.park(this, undefined, timedOut)
  }

  sync(): never {
    throw halfLoaded(this.load.file)
  }

  resume(value: unknown, isError: boolean): unknown {
    this.note(null)
    if (isError) throw value
    return this.next()
  }

  /** @internal */
  note(load: Load | null): void {
    for (let mine = this.from; mine !== null; mine = mine.outer) mine.waitsFor = load
  }
}

/** Refuses a module that somebody else loads to code that cannot wait for it: half of it would be wrong. */
export function refuseHalf(file: () => string, { loads }: Place): void {
  if (loads.size === 0) return
  const load = loads.get(file())
  if (load !== undefined && !isOurs(load)) throw halfLoaded(load.file)
}

function halfLoaded(file: string): GreenhouseError {
  return new GreenhouseError(
    'GH_DEADLOCK',
    `${file} is required while another greenlet loads it, by code that cannot wait: let it be required before`,
  )
}
