// A program run green: what the process loads from here on is compiled, its main module runs in a greenlet, and the callbacks
// that Node calls start greenlets.
import Module from 'node:module'
import { resolve as resolvePath, dirname } from 'node:path'
import { realpathSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { greenlet } from '@greenhouse/scheduler'
import { checkOptions } from '@greenhouse/scheduler/kernel'
import { isMarked, whyNot, type Choice, type Patterns } from '../load/choice.ts'
import { greenSource } from '../load/green-source.ts'
import { setProgram } from '../load/esm-program.ts'
import { installHooks } from '../load/esm.ts'
import { asJavaScript, checkTypeScript } from '../load/typescript.ts'
import { wrappedScript } from '../load/wrapped.ts'
import { prepare } from '../prepare.ts'
import { reportFile } from '../report.ts'
import { bodyOf, type Callable } from '../rt/index.ts'
import { setExact } from '../rt/install.ts'
import { BODY, greenRequire } from '../rt/loading.ts'
import { crash } from '../rt/root.ts'
import { startAsRoot } from '../rt/roots.ts'
import { patchCallbacks } from './callbacks.ts'
import { countBlocking } from './count-blocking.ts'
import { patchEmit } from './emit.ts'
import { MAIN, mainModule } from './main-module.ts'
import { patchRequire } from './require.ts'

/** How a program is compiled. */
export interface ProgramOptions {
  /** What is compiled, by names of packages or patterns for paths; everything by default. */
  readonly include?: Patterns
  /** What is not compiled, and really blocks. */
  readonly exclude?: Patterns
  /** Whether only modules are compiled that begin with `'use green'`; false by default. */
  readonly marked?: boolean
  /** Whether even the cheapest calls (`fs.statSync`) suspend; false by default: they do while a turn is young. */
  readonly exact?: boolean
}

/**
 * Makes this process run green what it loads from now on, its main module included: what `greenhouse run` and
 * `node --import greenhouse/register` do. Blocking calls block only their greenlet; http requests, connections and timers
 * overlap, the events of one emitter come one after another. There is no way back.
 *
 * A program in TypeScript runs where Node itself strips types, or a loader such as tsx was registered before.
 *
 * @param options - `include`, `exclude`, `marked`, `exact`.
 * @throws {GH_UNSUPPORTED} when the program is in TypeScript and nothing runs that.
 * @example
 * ```ts no-run
 * import { compileProgram } from '@greenhouse/emulation'
 *
 * compileProgram({ exclude: ['react'] })
 * await import('./server.js')
 * ```
 */
export function compileProgram(options: ProgramOptions = {}): void {
  checkOptions('options', options)
  const { include, exclude, marked = false, exact = false } = options
  if (compiled) return
  checkTypeScript(process.argv[1])
  compiled = true
  const choice = { include, exclude, marked }
  prepare()
  if (exact) setExact(true)
  patchEmit()
  countBlocking()
  patchCallbacks()
  Object.defineProperty(globalThis, MAIN, { value: runMain, configurable: true })
  patchScripts(choice)
  patchRequire()
  setProgram({
    choice,
    mainUrl,
    wrapMain: mainModule,
    compileScript: (source, file) => {
      const code = compiledScript(source, file, choice)
      if (code !== null) handedOver.set(file, code)
      return code
    },
  })
  installHooks()
}

let compiled = false

interface Script extends NodeModule {
  _compile(source: string, file: string, format?: string): unknown
}

const prototype = Module.prototype as unknown as Script

/** Scripts that the hooks have compiled, by file: Node may hand their texts to `_compile`. */
const handedOver = new Map<string, string>()

function patchScripts(choice: Choice): void {
  const native = Reflect.get(prototype, '_compile') as Callable
  prototype._compile = function (source, file, format) {
    const plain = (text: string, as: string | undefined): unknown =>
      Reflect.apply(native, this, [text, file, as])
    if (handedOver.get(file) === source) return plain(source, 'commonjs')
    const script = asJavaScript(source, format)
    if (script.format !== undefined && script.format !== 'commonjs') return plain(source, format)
    const code = compiledScript(script.source, file, choice)
    // Node says what is wrong with it, or knows better what it is.
    return code === null ? plain(script.source, script.format) : plain(code, 'commonjs')
  }
}

/** A script, compiled; null where it stays what it is. */
function compiledScript(source: string, file: string, choice: Choice): string | null {
  if (choice.marked === true && !isMarked(source)) return null
  const why = whyNot(file, choice)
  if (why !== null) {
    reportFile({ file, compiled: false, reason: why, functions: [] })
    return null
  }
  const isMain = pathToFileURL(file).href === mainUrl()
  const { text, own } = wrappedScript(source, isMain ? MAIN : BODY)
  const { code, report } = greenSource(text, file, 'script', { script: file, name: file, own })
  reportFile(report)
  return report.compiled ? code : null
}

/** Runs the body of the main module in a greenlet. */
function runMain(self: unknown, args: ArrayLike<unknown>, body: Callable): unknown {
  greenRequire(args[1] as NodeJS.Require)
  const main = greenlet(() => bodyOf(body, self, Array.from(args)), { name: 'main module' })
  const over = startAsRoot(main)
  // A module waits for its body itself.
  if (args.length === 0) return over
  over.catch(crash)
  return undefined
}

/** The URL of the main module. Its id does not tell: loaded by way of `import`, it is that of any other. */
function mainUrl(): string | null {
  const [, main] = process.argv
  if (main === undefined) return null
  const path = resolvePath(main)
  try {
    const file = Module.createRequire(path).resolve(path)
    return pathToFileURL(realpathSync(file)).href
  } catch {
    return pathToFileURL(dirname(path)).href
  }
}
