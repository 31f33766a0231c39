// `new Function(…)`: what it makes is compiled green, so that the templates of template engines can be suspended.
import { compileModule } from '../compile/index.ts'
import { attachTwin, type Callable, type Twin } from './convention.ts'

const original = Function as unknown as Callable
const MOST = 500
const compiled = new Map<string, string>()

/** `runtime` is what compiled scripts get as `$_G`. */
export function makeFunction(runtime: unknown): (...args: unknown[]) => unknown {
  return (...args) => {
    // The original first: it says what is wrong with the text, as nobody else does.
    const plain: unknown = Reflect.construct(original, args)
    const texts = args.map(String)
    const body = texts.pop() ?? ''
    const source = `return {"anonymous":function(${texts.join(',')}\n){\n${body}\n}}["anonymous"]`
    try {
      const wrapper = Reflect.construct(original, ['$_G', compile(source)]) as Callable
      return wrapper(runtime) as unknown
    } catch {
      return plain
    }
  }
}

function compile(source: string): string {
  let code = compiled.get(source)
  if (code === undefined) {
    if (compiled.size >= MOST) compiled.clear()
    code = compileModule(source, { file: 'anonymous', kind: 'script' }).code
    compiled.set(source, code)
  }
  return code
}

/** Gives `Function` its twin. */
export function installFunctionConstructor(runtime: unknown): void {
  const make = makeFunction(runtime)
  const twin: Twin = (...args) => make(...args)
  twin.construct = (args, newTarget) =>
    newTarget === original ? make(...args) : Reflect.construct(original, args, newTarget)
  attachTwin(original, twin)
}
