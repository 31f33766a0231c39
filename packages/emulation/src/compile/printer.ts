// What all printers share: the state of one compilation, the body that is being printed, and how a node is dispatched.
import type { Forms } from './choose.ts'
import { childrenOf, isClass, isFunction, type Node } from './node.ts'
import { BIND, BLOCKS, FUNCTIONS, NAMES, OWN_WORDS, type Features } from './features.ts'
import type { Stretch } from './source-map.ts'
import { lineFinder, type FindLine } from './lines.ts'
import type { Analysis, FunctionFacts } from './scope.ts'
import type { FaceForm } from './print-faces.ts'
import { slice, type Text } from './text.ts'

/** A function that has no twin, and why: code that it calls really blocks. */
export interface Untwinned {
  readonly name: string
  readonly line: number
  readonly column: number
  readonly reason: string
}

/** The body of a function, as it is being printed. */
export interface Body {
  readonly facts: FunctionFacts
  /** Whether it is the body of a twin, in which calls may be suspended. */
  readonly green: boolean
  /** What `this`, `arguments` and `new.target` are called in it, and in the twins of arrows inside. */
  readonly words: Words
  readonly lent: Words
  /** The home object of `super`, where `super` itself cannot be written. */
  readonly home: string | null
  /** The class, in the twin of a constructor that calls `super(…)`. */
  readonly derived: string | null
  /** Temporaries by depth, declared at the head of the body. */
  depth: number
  deepest: number
  /** Temporaries with a name of their own. */
  readonly named: string[]
  /** In a plain twin: the makers of its functions, shared by its two bodies; else null. */
  readonly created: Text[] | null
}

export interface Words {
  readonly this: string
  readonly arguments: string
  readonly newTarget: string
}

export const OWN: Words = { this: 'this', arguments: 'arguments', newTarget: 'new.target' }

/** The parts of a printer that stand in files of their own. */
export interface Parts {
  readonly handlers: Readonly<Record<string, Handler>>
  readonly list: (
    statements: readonly Node[],
    start: number,
    end: number,
    body: Body,
    printer: Printer,
  ) => Text
  readonly maker: (form: FaceForm, name: string, node: Node, printer: Printer) => Text
  /** A function or class that was printed for a plain twin, made where it stands. */
  readonly created: (node: Node, printed: Text, body: Body, printer: Printer) => Text
  /** The value of a function declaration in a block of a plain twin. */
  readonly block: (declaration: Node, body: Body, printer: Printer) => Text
  /** A plain twin, from its parameters on. */
  readonly plain: (node: Node, outer: Body, printer: Printer, home: string | null) => Text
}

export type Handler = (node: Node, body: Body, printer: Printer) => Text

/** One compilation. */
export class Printer {
  readonly source: string
  readonly analysis: Analysis
  readonly features: Features
  readonly parts: Parts
  readonly forms: Forms
  /** References that may be reached before their declaration. */
  readonly early: ReadonlySet<Node>
  /** The names of twins that stand beside the declarations of their functions. */
  readonly twinNames: Map<Node, string> = new Map()
  /** What names made by the compiler begin with; no name of the source does. */
  readonly prefix: string
  readonly helpers: Set<string> = new Set()
  readonly untwinned: Untwinned[] = []
  /** Makers of faces, by what they make. */
  readonly makers: Map<string, { readonly name: string; readonly make: Text }> = new Map()
  made = 0
  /** Where the file begins in the source. */
  readonly first: number
  readonly line: FindLine
  /** Whether the compiled text names its file, for the stacks of what is suspended. */
  namesFile = false

  constructor(
    source: string,
    analysis: Analysis,
    features: Features,
    forms: Forms,
    early: ReadonlySet<Node>,
    prefix: string,
    parts: Parts,
    [first, end]: Stretch,
  ) {
    this.source = source
    this.first = first
    this.line = lineFinder(source.slice(first, end))
    this.analysis = analysis
    this.features = features
    this.parts = parts
    this.forms = forms
    this.early = early
    this.prefix = prefix
  }

  /** A new name. */
  name(stem: string): string {
    return this.prefix + stem + ++this.made
  }

  /** The name of a helper of the runtime. */
  helper(name: string): string {
    this.helpers.add(name)
    return this.prefix + name
  }

  list(statements: readonly Node[], start: number, end: number, body: Body): Text {
    return this.parts.list(statements, start, end, body, this)
  }

  /** The name of the maker of a face. */
  maker(form: FaceForm, name: string, node: Node): string {
    const make = this.parts.maker(form, name, node, this)
    const key = JSON.stringify(make)
    let known = this.makers.get(key)
    if (known === undefined) {
      known = { name: this.name('n'), make }
      this.makers.set(key, known)
    }
    return known.name
  }

  report(node: Node, reason: string): void {
    const { line, column } = this.position(node.start)
    const name: string = node['id']?.name ?? ''
    this.untwinned.push({ name, line, column, reason })
  }

  /** Line and column, both from 1. */
  position(offset: number): { line: number; column: number } {
    const [line, column] = this.line(Math.max(0, offset - this.first))
    return { line: line + 1, column: column + 1 }
  }

  /** The name of the file in compiled text. */
  file(): string {
    this.namesFile = true
    return this.prefix + 'at'
  }

  /** What the body of a generator yields where a call in it was suspended: the place. */
  site(offset: number, isAwait = false): string {
    const { line, column } = this.position(offset)
    return `[${this.file()},${line},${column}${isAwait ? ',true' : ''}]`
  }

  has(node: Node, bits: number): boolean {
    return (this.features.get(node)! & bits) !== 0
  }

  print(node: Node, body: Body): Text {
    if (this.isVerbatim(node, body)) return slice(node)
    const handler = this.parts.handlers[node.type]
    const printed = handler === undefined ? this.generic(node, body) : handler(node, body, this)
    if (!isFunction(node) && !isClass(node)) return printed
    return this.isMethod(node) ? printed : this.created(node, printed, body)
  }

  created(node: Node, printed: Text, body: Body): Text {
    return body.created === null ? printed : this.parts.created(node, printed, body, this)
  }

  /** Whether a function is printed behind its key. */
  isMethod(node: Node): boolean {
    const parent = this.analysis.parents.get(node)
    return parent?.type === 'Property' && (parent['method'] || parent['kind'] !== 'init')
  }

  isPlain(facts: FunctionFacts): boolean {
    return this.forms.get(facts) === 'plain'
  }

  /** The source of a node, with its children printed. */
  generic(node: Node, body: Body): Text {
    const parts: Text[] = []
    let at = node.start
    for (const child of childrenOf(node)) {
      if (child.start < at) continue
      parts.push({ start: at, end: child.start }, this.print(child, body))
      at = child.end
    }
    parts.push({ start: at, end: node.end })
    return parts
  }

  /** As an operand or argument: what acorn takes parentheses from gets them back. */
  operand(node: Node, body: Body): Text {
    const printed = this.print(node, body)
    return node.type === 'SequenceExpression' ? ['(', printed, ')'] : printed
  }

  isVerbatim(node: Node, body: Body): boolean {
    let bits = FUNCTIONS | BIND | NAMES
    if (body.green) bits |= BLOCKS
    if (body.words !== OWN || body.home !== null) bits |= OWN_WORDS
    return !this.has(node, bits)
  }

  /** A temporary, free again after `release`. */
  temporary(body: Body): string {
    const name = this.prefix + 't' + body.depth++
    if (body.depth > body.deepest) body.deepest = body.depth
    return name
  }

  release(body: Body, count: number): void {
    body.depth -= count
  }
}

/** What the names begin with that the compiler makes. */
export function freePrefix(names: ReadonlySet<string>): string {
  let prefix = '$_'
  while ([...names].some((name) => name.startsWith(prefix))) prefix += '_'
  return prefix
}
