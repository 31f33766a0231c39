// Functions. Each is printed once: as the body of its twin, with a face in its place that runs the twin blocking; or, where
// there is no twin, as it stands with the functions inside of it printed.
import { BLOCKS } from './features.ts'
import { flagsOf } from './flags.ts'
import { inferredName } from './names.ts'
import type { Node } from './node.ts'
import { OWN, type Body, type Printer, type Words } from './printer.ts'
import { makeFace, type FaceForm } from './print-faces.ts'
import { whyUntwinned } from './untwinned.ts'
import type { FunctionFacts } from './scope.ts'
import { join, slice, text, type Text } from './text.ts'

/** A declaration: what stands in its place, and what its scope begins with. */
export function printDeclaration(
  node: Node,
  outer: Body,
  printer: Printer,
): { declared: Text; attach: Text } {
  if (!hasTwin(node, outer, printer))
    return { declared: printPlain(node, outer, printer), attach: '' }
  const twin = twinName(node, printer)
  const name = slice(node['id'])
  const face = makeFace(node, printer, twin)
  const declared = text`function ${name}${face}\n${printTwinFunction(node, outer, printer, null, twin)}`
  return {
    declared,
    attach: text`${printer.helper('tw')}(${name},${twin},${flagsOf(node, printer)});`,
  }
}

/** A function expression, an arrow, or the function of a method in an object literal. */
export function printExpression(node: Node, outer: Body, printer: Printer, name?: Text): Text {
  const known = name === undefined ? inferredName(node, printer.analysis.parents) : null
  const form: FaceForm = node['id'] ? 'named' : isMethodLike(node, printer) ? 'method' : 'function'
  const maker = printer.maker(form, node['id'] ? node['id'].name : (known ?? ''), node)
  const flags = flagsOf(node, printer)
  const twin = printTwinFunction(node, outer, printer)
  if (form === 'named') {
    return text`${printer.helper('mkn')}(${maker},${slice(node['id'])}=>${twin},${flags})`
  }
  const made = text`${printer.helper('mk')}(${maker},${twin},${flags})`
  return name === undefined ? made : text`${printer.helper('nm')}(${made},${name})`
}

function isMethodLike(node: Node, printer: Printer): boolean {
  const { role } = factsOf(node, printer)
  return role !== 'function' || node['async'] || node['generator']
}

function twinName(node: Node, printer: Printer): string {
  return printer.twinNames.get(node) ?? printer.name('g')
}

/** A twin as a function, in whatever form it has. */
export function printTwinFunction(
  node: Node,
  outer: Body,
  printer: Printer,
  home: string | null = null,
  name = '',
): Text {
  const facts = factsOf(node, printer)
  if (!printer.isPlain(facts)) return text`function*${name}${printTwin(node, outer, printer, home)}`
  const printed = printer.parts.plain(node, outer, printer, home)
  return facts.role === 'arrow' ? printed : text`function ${name}${printed}`
}

export function hasTwin(node: Node, outer: Body, printer: Printer): boolean {
  const facts = factsOf(node, printer)
  if (!facts.mayBlock) return false
  if (printer.isPlain(facts)) return true
  const why = whyUntwinned(facts, outer, printer)
  if (why !== null) printer.report(node, why)
  return why === null
}

export function factsOf(node: Node, printer: Printer): FunctionFacts {
  return printer.analysis.facts.get(node)!
}

/** Parameters and body of a twin, from the parenthesis on. */
export function printTwin(
  node: Node,
  outer: Body,
  printer: Printer,
  home: string | null = null,
  derived: string | null = null,
): Text {
  const facts = factsOf(node, printer)
  const isArrow = facts.role === 'arrow'
  const aliases = aliasesOf(printer, derived !== null)
  const body: Body = {
    facts,
    green: true,
    words: isArrow ? outer.lent : wordsInTwin(facts, printer, derived !== null),
    lent: isArrow ? outer.lent : aliases,
    home: isArrow ? outer.home : home,
    derived: isArrow ? outer.derived : derived,
    depth: 0,
    deepest: 0,
    named: [],
    created: null,
  }
  const moved = movesParameters(node, printer)
  const inner = printFunctionBody(node, body, printer, () =>
    moved ? movedParameters(node, body, printer) : '',
  )
  if (moved) return text`(...${printer.prefix}a)${inner}`
  return text`(${printParameters(node, body, printer)})${inner}`
}

function wordsInTwin(facts: FunctionFacts, printer: Printer, isDerived: boolean): Words {
  if (!isDerived && !facts.usesNewTarget) return OWN
  const aliases = aliasesOf(printer, isDerived)
  return {
    this: isDerived ? aliases.this : 'this',
    arguments: 'arguments',
    newTarget: aliases.newTarget,
  }
}

export function aliasesOf(printer: Printer, isDerived = false): Words {
  const { prefix } = printer
  return {
    this: isDerived ? `${printer.helper('th')}(${prefix}self)` : prefix + 'this',
    arguments: prefix + 'arguments',
    newTarget: prefix + 'nt',
  }
}

/** Whether the parameters are bound in the body, so that calls in their defaults may be suspended. */
function movesParameters(node: Node, printer: Printer): boolean {
  // Those of a generator are bound when it is called, before it runs at all.
  if (node['generator'] || !node['params'].some((one: Node) => printer.has(one, BLOCKS)))
    return false
  const scope = printer.analysis.scopes.get(node)!
  for (const variable of scope.variables.values()) if (variable.redeclared) return false
  return true
}

function movedParameters(node: Node, body: Body, printer: Printer): Text {
  const printed = node['params'].map((one: Node) => printer.print(one, body))
  return text`let[${join(printed, ',')}]=${printer.prefix}a;`
}

/** The parameters as they stand; nothing in them is green. */
export function printParameters(node: Node, body: Body, printer: Printer): Text {
  const plain: Body = { ...body, green: false, words: OWN, lent: OWN, created: null }
  return join(
    node['params'].map((one: Node) => printer.print(one, plain)),
    ',',
  )
}

/** The body in braces: directives, aliases and temporaries, then what `before` gives, then the statements. */
function printFunctionBody(node: Node, body: Body, printer: Printer, before: () => Text): Text {
  const block: Node = node['body']
  if (block.type !== 'BlockStatement') {
    const bound = before()
    const value = printer.operand(block, body)
    return text`{${prologue(body, printer)}${bound}return(${value})}`
  }
  const { directives, list, at } = splitDirectives(block)
  const bound = before()
  let statements = printer.list(list, at, block.end - 1, body)
  // Parameters bound in the body are a scope of their own around its declarations.
  if (bound !== '') statements = text`{${statements}}`
  return text`{${directives}${prologue(body, printer)}${bound}${statements}${epilogue(body, printer)}}`
}

export function splitDirectives(block: Node): { directives: Text; list: Node[]; at: number } {
  const statements: Node[] = block['body']
  let count = 0
  while (count < statements.length && statements[count]!['directive'] !== undefined) count++
  const first = block.type === 'BlockStatement' ? block.start + 1 : block.start
  if (count === 0) return { directives: '', list: statements, at: first }
  const at = statements[count - 1]!.end
  return { directives: [{ start: first, end: at }, ';'], list: statements.slice(count), at }
}

export function prologue(body: Body, printer: Printer): Text {
  const { prefix } = printer
  const { facts, derived } = body
  const parts: string[] = []
  const temporaries = [...body.named]
  if (body.green) {
    temporaries.push(prefix + 'r')
    for (let i = 0; i < body.deepest; i++) temporaries.push(`${prefix}t${i}`)
  }
  if (temporaries.length > 0) parts.push(`let ${temporaries.join(',')};`)
  if (facts.role === 'arrow') return parts.join('')
  if (body.green ? facts.usesNewTarget || derived !== null : facts.lent.newTarget) {
    const value = body.green ? `${printer.helper('tnt')}()` : 'new.target'
    parts.push(`const ${prefix}nt=${value};`)
  }
  if (derived !== null) parts.push(`let ${prefix}self;`)
  else if (facts.lent.this) parts.push(`const ${prefix}this=this;`)
  if (facts.lent.arguments) parts.push(`const ${prefix}arguments=arguments;`)
  return parts.join('')
}

function epilogue(body: Body, printer: Printer): Text {
  return body.derived !== null && body.facts.role !== 'arrow'
    ? `\nreturn ${aliasesOf(printer, true).this}`
    : ''
}

/** A function without a twin. */
export function printPlain(node: Node, outer: Body, printer: Printer): Text {
  const body = plainBody(node, outer, printer)
  const block: Node = node['body']
  const parts: Text[] = []
  let at = node.start
  for (const one of node['params'] as Node[]) {
    parts.push({ start: at, end: one.start }, printer.print(one, { ...body, lent: OWN }))
    at = one.end
  }
  parts.push({ start: at, end: block.start })
  if (block.type !== 'BlockStatement') {
    return [parts, printer.print(block, body), { start: block.end, end: node.end }]
  }
  const { directives, list, at: from } = splitDirectives(block)
  const statements = printer.list(list, from, block.end - 1, body)
  return [parts, text`{${directives}${prologue(body, printer)}${statements}}`]
}

function plainBody(node: Node, outer: Body, printer: Printer): Body {
  const facts = factsOf(node, printer)
  const isArrow = facts.role === 'arrow'
  return {
    facts,
    green: false,
    words: isArrow ? outer.words : OWN,
    lent: isArrow ? outer.lent : aliasesOf(printer),
    home: isArrow ? outer.home : null,
    derived: null,
    depth: 0,
    deepest: 0,
    named: [],
    created: null,
  }
}
