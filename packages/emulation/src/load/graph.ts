// A private copy of a graph of CommonJS modules, compiled green. Node's own loaders read the files; what they compile, and what
// their `require` gives, is ours.
import Module, { createRequire } from 'node:module'
import { dirname, extname } from 'node:path'
import { reportFile } from '../report.ts'
import { Views } from '../view/views.ts'
import { BODY, greenRequire, refuseHalf, type Load } from '../rt/loading.ts'
import { whyNot, type Choice } from './choice.ts'
import { greenSource } from './green-source.ts'
import { asJavaScript } from './typescript.ts'
import { wrappedScript } from './wrapped.ts'

interface Internals {
  new (id: string, parent?: NodeModule | null): GreenModule
  readonly prototype: { readonly _compile: Compile; readonly require: NodeJS.Require }
  _extensions: Record<string, (module: NodeModule, file: string) => void>
  _resolveFilename(request: string, parent: NodeModule, isMain: boolean, options?: object): string
  _nodeModulePaths(folder: string): string[]
  _load(request: string, parent: NodeModule | null, isMain: boolean): unknown
}

type Compile = (this: NodeModule, source: string, file: string, format?: string) => unknown

interface GreenModule extends NodeModule {
  _compile: Compile
}

type Wrapper = (
  exports: unknown,
  require: NodeJS.Require,
  module: NodeModule,
  filename: string,
  dirname: string,
) => unknown

const internals = Module as unknown as Internals

/** The formats that are no JavaScript of CommonJS. */
const OTHER_FORMATS = /^(module|typescript|json|wasm|builtin)/

/** Tells the graphs of this copy of the package from those of others in the process. */
const copy = Math.random().toString(36).slice(2)
let last = 0

export class Graph {
  /** Unique in the process. */
  readonly id: string
  readonly choice: Choice
  /** `require.cache` of the modules in it. */
  readonly cache: Record<string, NodeModule | undefined> = Object.create(null)
  /** What the modules in it see of Node's. */
  readonly views: Views = new Views()
  /** The modules whose bodies run, and may be suspended. */
  readonly loads: Map<string, Load> = new Map()

  constructor(choice: Choice) {
    this.id = `${copy}_${++last}`
    this.choice = choice
  }

  /** Loads a file and what it requires. */
  load(file: string, parent: NodeModule | null): unknown {
    const known = this.cache[file]
    if (known !== undefined) {
      if (parent !== null && !parent.children.includes(known)) parent.children.push(known)
      return known.exports
    }
    const why = whyNot(file, this.choice)
    const extension = extname(file)
    if (why !== null || extension === '.node') {
      reportFile({ file, compiled: false, reason: why ?? 'native addon', functions: [] })
      return internals._load(file, parent, false)
    }
    const module = new internals(file, parent)
    this.prepare(module, file)
    this.cache[file] = module
    let loaded = false
    try {
      ;(internals._extensions[extension] ?? internals._extensions['.js']!)(module, file)
      module.loaded = loaded = true
    } finally {
      if (!loaded) this.forget(module)
    }
    return module.exports
  }

  /** @internal */
  prepare(module: GreenModule, file: string): void {
    module.filename = file
    module.paths = internals._nodeModulePaths(dirname(file))
    module.require = ((request: string) => this.require(request, module)) as NodeJS.Require
    const native = internals.prototype._compile
    module._compile = (given, name, told) => {
      const { source, format } = asJavaScript(given, told)
      if (format !== undefined && OTHER_FORMATS.test(format)) {
        reportFile({ file, compiled: false, reason: `${format} loaded by require`, functions: [] })
        return native.call(module, source, name, format)
      }
      const { text, own } = wrappedScript(source, BODY)
      const { code, report } = greenSource(text, name, 'script', {
        script: `${name}?green`,
        name,
        above: 1,
        own,
      })
      reportFile(report)
      // Node says what is wrong with it, or runs it as it is.
      const run = report.compiled ? wrap(code, name, this.views.fetch) : undefined
      if (run === undefined) return native.call(module, source, name, format)
      const folder = dirname(name)
      return run.call(module.exports, module.exports, this.requireOf(module), module, name, folder)
    }
  }

  /** @internal */
  require(request: string, module: NodeModule): unknown {
    // Node says what is wrong with it.
    if (typeof request !== 'string' || request === '')
      return Reflect.apply(internals.prototype.require, module, [request]) as unknown
    if (Module.isBuiltin(request))
      return this.views.module(request, internals._load(request, module, false))
    const file = internals._resolveFilename(request, module, false)
    refuseHalf(() => file, this)
    return this.load(file, module)
  }

  /** @internal */
  requireOf(module: NodeModule): NodeJS.Require {
    const own = createRequire(module.filename)
    const require = ((request: string) => module.require(request)) as NodeJS.Require
    require.resolve = own.resolve
    require.main = own.main
    require.extensions = own.extensions
    require.cache = this.cache as NodeJS.Require['cache']
    return greenRequire(require, this)
  }

  /** @internal */
  forget(module: NodeModule): void {
    delete this.cache[module.filename]
    const siblings = module.parent?.children
    const at = siblings?.indexOf(module) ?? -1
    if (at >= 0) siblings!.splice(at, 1)
  }
}

/**
 * Compiles a text by Node, under a name of its own, so that its source map is not taken for that of the process's own copy;
 * undefined where it cannot. What it finds as `fetch` stands further out than what it may declare itself.
 */
function wrap(code: string, file: string, fetch: unknown): Wrapper | undefined {
  const holder = new internals(`${file}?green`, null)
  holder.filename = file
  holder.paths = internals._nodeModulePaths(dirname(file))
  const outer = fetch === undefined ? '' : 'fetch'
  const inner = `function(exports,require,module,__filename,__dirname){\n${code}\n}`
  const text = `module.exports=function(${outer}){return ${inner}}`
  try {
    // Always CommonJS, whatever a package.json says.
    holder._compile(text, `${file}?green`, 'commonjs')
  } catch {
    return undefined
  }
  return (holder.exports as (fetch: unknown) => Wrapper)(fetch)
}
