// The green compiler: a module's source to a text in which every function that may block has a twin.
//
// A compiled script expects one more parameter of its wrapper, `$_G`, which is the runtime:
//
//   (function (exports, require, module, __filename, __dirname, $_G) { CODE })
//
// A compiled module imports the runtime's helpers from a `data:` URL that reads them from
// `globalThis[Symbol.for('@greenhouse/emulation/runtime@1')]`, so that they are there before anything in a circle of imports
// calls into it. What the compiler adds stands on the first line; the map is right for all lines and columns.
import type { EncodedSourceMap } from '@jridgewell/gen-mapping'
import { analyse } from './analyse.ts'
import { chooseForms } from './choose.ts'
import { findEarly } from './early.ts'
import { featuresOf, noteNames } from './features.ts'
import type { Node } from './node.ts'
import { parse, type SourceKind } from './parse.ts'
import { callHandlers } from './print-calls.ts'
import { classHandlers } from './print-classes.ts'
import { makerText } from './print-faces.ts'
import { aliasesOf, prologue, splitDirectives } from './print-functions.ts'
import { literalHandlers } from './print-literals.ts'
import { created, printBlockFunction, printPlainTwin } from './print-plain.ts'
import { printList, statementHandlers } from './print-statements.ts'
import { freePrefix, OWN, Printer, type Body, type Parts, type Untwinned } from './printer.ts'
import { RUNTIME_URL } from './runtime-url.ts'
import { sourceMap } from './source-map.ts'
import { text, write, type Text } from './text.ts'

export type { SourceKind } from './parse.ts'
export type { Untwinned } from './printer.ts'

/** How a module is compiled. */
export interface CompileOptions {
  /** Its path or URL, as source maps and reports name it. */
  readonly file: string
  readonly kind: SourceKind
  /** How many characters at its beginning were put there by us. */
  readonly ahead?: number
  /** Makes every twin a generator, which is slower. */
  readonly generators?: boolean
}

/** A compiled module. */
export interface Compiled {
  readonly code: string
  readonly map: EncodedSourceMap
  /** The functions that have no twin although they may block, with the reason. */
  readonly functions: readonly Untwinned[]
}

/** Compiles a module. Throws acorn's SyntaxError on what it cannot parse. */
export function compileModule(source: string, options: CompileOptions): Compiled {
  const readable = source.startsWith('#!') ? '//' + source.slice(2) : source
  const program = parse(readable, options.kind)
  if (options.generators === true) return compileProgram(program, readable, options)
  try {
    return compileProgram(program, readable, options)
  } catch (error) {
    // A form that the lowering does not know: slower is better than not at all.
    const compiled = compileProgram(program, readable, { ...options, generators: true })
    const reason = `generators only: ${(error as Error).message}`
    return {
      ...compiled,
      functions: [{ name: '', line: 1, column: 1, reason }, ...compiled.functions],
    }
  }
}

function compileProgram(program: Node, readable: string, options: CompileOptions): Compiled {
  const analysis = analyse(program, options.kind)
  const early = findEarly(analysis)
  const features = featuresOf(program, analysis)
  const prefix = freePrefix(analysis.names)
  const forms = chooseForms(analysis, features, prefix, options.generators !== true)
  noteNames(program, features, (identifier) => {
    const variable = analysis.references.get(identifier)
    if (variable === undefined) return false
    if (variable.output !== variable.name) return true
    return early.has(identifier) && forms.get(variable.scope.owner) === 'plain'
  })
  const printer = new Printer(readable, analysis, features, forms, early, prefix, PARTS)
  nameTwins(printer)
  const { code, placed } = write(printProgram(program, options.kind, printer), readable)
  return {
    code,
    map: sourceMap(readable, code, placed, options.file, options.ahead ?? 0),
    functions: printer.untwinned,
  }
}

const PARTS: Parts = {
  handlers: { ...callHandlers, ...statementHandlers, ...literalHandlers, ...classHandlers },
  list: printList,
  maker: makerText,
  created,
  block: printBlockFunction,
  plain: printPlainTwin,
}

/** Twins that stand beside their function's declaration can be called by name. */
function nameTwins(printer: Printer): void {
  for (const [node, facts] of printer.analysis.facts) {
    if (node.type !== 'FunctionDeclaration' || !printer.isPlain(facts)) continue
    const scope = printer.analysis.scopes.get(node)!.outer!
    if (scope.kind !== 'function' && printer.isPlain(scope.owner)) continue
    printer.twinNames.set(node, printer.name('g'))
  }
}

function printProgram(program: Node, kind: SourceKind, printer: Printer): Text {
  const body: Body = {
    facts: printer.analysis.program,
    green: false,
    words: OWN,
    lent: aliasesOf(printer),
    home: null,
    derived: null,
    depth: 0,
    deepest: 0,
    named: [],
    created: null,
  }
  const { directives, list, at } = splitDirectives(program)
  const statements = printer.list(list, at, program.end, body)
  const own = prologue(body, printer)
  const makers = [...printer.makers.values()].map(({ name, make }) => text`const ${name}=${make};`)
  return [directives, imports(kind, printer), own, makers, statements]
}

function imports(kind: SourceKind, printer: Printer): Text {
  const { prefix } = printer
  const names = [...printer.helpers]
  if (names.length === 0) return ''
  if (kind === 'module') {
    const list = names.map((name) => `${name} as ${prefix}${name}`).join(',')
    return `import{${list}}from${JSON.stringify(RUNTIME_URL)};`
  }
  return `const{${names.map((name) => `${name}:${prefix}${name}`).join(',')}}=$_G;`
}
