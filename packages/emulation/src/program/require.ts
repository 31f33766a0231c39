// The ways to `require` in a program run green, besides the function that Node gives each script.
import Module from 'node:module'
import { attachTwin, twinOf, type Callable } from '../rt/index.ts'
import { greenRequire, NODE, refuseHalf } from '../rt/loading.ts'

const internals = Module as unknown as {
  readonly prototype: { require: Callable }
  createRequire: Callable
  _resolveFilename(request: string, parent: NodeModule, isMain: boolean): string
}

/** Patches `createRequire` and `module.require`, for the whole process. */
export function patchRequire(): void {
  const { prototype, createRequire } = internals
  const native = prototype.require
  prototype.require = function (this: NodeModule, request: string) {
    refuseHalf(() => fileOf(request, this), NODE)
    return Reflect.apply(native, this, [request]) as unknown
  }
  attachTwin(prototype.require, function (request: unknown) {
    const self = this as NodeModule
    const require = Object.assign((name: string) => self.require(name) as unknown, {
      resolve: (name: string) => internals._resolveFilename(name, self, false),
    }) as unknown as NodeJS.Require
    return Reflect.apply(twinOf(greenRequire(require))!, undefined, [request]) as unknown
  })
  internals.createRequire = (file: unknown) =>
    greenRequire(Reflect.apply(createRequire, Module, [file]) as NodeJS.Require)
  Object.defineProperty(internals.createRequire, 'name', { value: 'createRequire' })
  Module.syncBuiltinESMExports()
}

function fileOf(request: string, from: NodeModule): string {
  try {
    return internals._resolveFilename(request, from, false)
  } catch {
    // Node says what is wrong.
    return ''
  }
}
