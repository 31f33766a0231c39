// Node's modules as the modules of one green graph see them. Where `patch` replaces functions in place, for the whole process,
// a view is another object, which shows a module with the same functions replaced, and leaves the module alone.
//
// Each graph has views of its own, as it has its own copies of libraries: what one of them puts into `fs` stays in its graph.
// What nobody has put there is read from the module each time: servers set for `dns`, or a stub, are seen here, too.
import util from 'node:util'
import { workScope } from '@greenhouse/scheduler/kernel'
import { ALWAYS, standIn, type Callable, type Owned, type Switch } from '../patch/wrapper.ts'
import { changes, collect, type Change } from './changes.ts'
import { mirror, subclass, type Members } from './mirror.ts'

const { custom } = util.promisify

const SCOPED: Switch = { reach: workScope }

/** The views of one graph. */
export class Views {
  ownFetch: Callable | undefined
  /** By the object of Node that each stands for. */
  readonly made: Map<unknown, object> = new Map()

  /** A module of Node as the graph sees it; `real` itself where nothing in it is replaced. */
  module(name: string, real: unknown = process.getBuiltinModule(name)): unknown {
    collect(name.replace(/^node:/, ''))
    return this.of(real)
  }

  /** The global `fetch` as the graph sees it; undefined where there is none. */
  get fetch(): Callable | undefined {
    collect('fetch')
    return (this.ownFetch ??= this.members(globalThis)[0]?.[1])
  }

  /** A value of Node as the graph sees it. @internal */
  of(value: unknown): unknown {
    if (!changes.has(value)) return value
    let view = this.made.get(value)
    if (view === undefined) this.made.set(value, (view = this.make(value as object)))
    return view
  }

  /** @internal */
  make(real: object): object {
    const members = this.members(real)
    const isClass = typeof real === 'function' && changes.get(real)?.[0]?.target === real.prototype
    return isClass
      ? subclass(real as never, members)
      : mirror(real, members, (value) => this.of(value))
  }

  /** @internal */
  members(real: object): Members {
    if (real === util) return [['promisify', this.promisify()]]
    return (changes.get(real) ?? [])
      .filter(({ target, key }) => typeof Reflect.get(target, key) === 'function')
      .map((change) => [change.key, this.call(change)] as const)
  }

  /** A function whose operations belong to scopes. It asks each time what stands behind it. @internal */
  call({ patch, target, key, owned, promisified }: Change): Callable {
    const original = (): Callable => patch.behind(Reflect.get(target, key) as Callable)
    const stand: Owned = (_, given, args) => {
      const self = given !== undefined && given === this.made.get(target) ? target : given
      const scope = workScope()
      return scope === null
        ? Reflect.apply(original(), self, args)
        : owned(original(), self, args, scope)
    }
    const promising = Reflect.get(original(), custom) as Callable | undefined
    if (promising === undefined || promisified === undefined) {
      return standIn(original(), stand, ALWAYS)
    }
    const value = standIn(promising, promisified, SCOPED)
    return standIn(original(), stand, ALWAYS, { [custom]: { value } })
  }

  /** For some functions Node has others ready that promise: the graph gets those of its views. @internal */
  promisify(): Callable {
    return standIn(
      util.promisify,
      (promisify, self, args) => {
        const made: unknown = Reflect.apply(promisify, self, args)
        const shown = this.promised(made)
        // As Node does: promisified again, it is the same.
        return shown === made
          ? made
          : Object.defineProperty(shown, custom, { value: shown, configurable: true })
      },
      ALWAYS,
    )
  }

  /** @internal */
  promised(fn: unknown): unknown {
    for (const [real, list] of changes) {
      const same = list.find(({ target, key }) => Reflect.get(target, key) === fn)
      if (same !== undefined) return Reflect.get(this.of(real) as object, same.key)
    }
    return fn
  }
}
