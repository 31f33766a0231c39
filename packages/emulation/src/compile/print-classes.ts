// Classes. A method keeps its place as a face; the twins stand at the head of the class body as private static fields, where
// private names are in scope, before anything static of the class itself runs.
//
// A constructor's body moves to a twin too. What stays answers three markers of the runtime: "return this object" (so that a
// subclass can install its fields on one made elsewhere), "install your fields on this object", and "run as you would".
import { isFunction, type Node } from './node.ts'
import { flagsOf } from './flags.ts'
import { inferredName, keyName } from './names.ts'
import {
  aliasesOf,
  factsOf,
  hasTwin,
  printPlain,
  printTwin,
  printTwinFunction,
} from './print-functions.ts'
import { faceParameters, makeFace } from './print-faces.ts'
import { hasPlace } from './print-literals.ts'
import { OWN, type Body, type Handler, type Printer } from './printer.ts'
import { isSlice, slice, text, unmapped, type Text } from './text.ts'

export const classHandlers: Readonly<Record<string, Handler>> = {
  ClassDeclaration: printClass,
  ClassExpression: printClass,
}

/** A class while it is printed. */
interface ClassParts {
  readonly name: string
  readonly body: Body
  /** Whether it has instance fields or private methods, which only `new` installs. */
  readonly hasFields: boolean
  /** Private static fields in front of everything else. */
  readonly statics: Text[]
}

function printClass(node: Node, body: Body, printer: Printer): Text {
  const members: readonly Node[] = node['body'].body
  const inferred = node['id'] === null ? inferredName(node, printer.analysis.parents) : null
  const own: string | null = node['id']?.name ?? null
  const parts: ClassParts = {
    name: own ?? printer.name('k'),
    body,
    hasFields: members.some(isInstanceField),
    statics: [],
  }
  const nameable = own !== null || inferred !== null
  const printed = members.map((member) => [printMember(member, parts, nameable, printer), '\n'])
  const hasConstructor = members.some((member) => member['kind'] === 'constructor')
  const isDerived = node['superClass'] !== null
  const implicit =
    isDerived && !hasConstructor && nameable ? implicitConstructor(parts, printer) : ''
  const rename = own === null && parts.statics.length > 0
  if (rename && !members.some(isStaticName)) {
    const fix = text`${printer.helper('nm')}(this,${JSON.stringify(inferred ?? '')})`
    parts.statics.unshift(text`static #${printer.name('x')}=${fix};`)
  }
  const written = own !== null ? slice(node['id']) : rename ? parts.name : ''
  const heritage = isDerived
    ? text` extends ${parenthesized(node['superClass'], body, printer)}`
    : ''
  const whole = text`class ${written}${heritage}{${parts.statics}${implicit}${printed}}`
  if (body.created === null || written !== '' || !inferred) return whole
  return text`({${JSON.stringify(inferred)}:${whole}})[${JSON.stringify(inferred)}]`
}

function parenthesized(node: Node, body: Body, printer: Printer): Text {
  return node.type === 'Identifier'
    ? printer.print(node, body)
    : ['(', printer.print(node, body), ')']
}

function isInstanceField(member: Node): boolean {
  if (member['static']) return false
  return member.type === 'PropertyDefinition' || member['key']?.type === 'PrivateIdentifier'
}

function isStaticName(member: Node): boolean {
  return member.type === 'MethodDefinition' && member['static'] && keyName(member) === 'name'
}

function printMember(member: Node, parts: ClassParts, nameable: boolean, printer: Printer): Text {
  if (member.type === 'StaticBlock') return printStaticBlock(member, printer)
  if (member.type === 'PropertyDefinition') return printField(member, parts, printer)
  const value: Node = member['value']
  const { kind } = member as unknown as { kind: string }
  if (kind === 'get' || kind === 'set') {
    if (factsOf(value, printer).mayBlock) printer.report(value, 'getter or setter')
    return plainMember(member, parts, printer)
  }
  if (!nameable || !hasTwin(value, parts.body, printer)) return plainMember(member, parts, printer)
  if (member['computed'] && !hasPlace(parts.body)) {
    printer.report(value, 'named by a computed key')
    return plainMember(member, parts, printer)
  }
  if (kind === 'constructor') return printConstructor(value, parts, printer)
  if (member['key'].type === 'PrivateIdentifier') return printPrivateMethod(member, parts, printer)
  return printMethod(member, parts, printer)
}

/** A method without a twin, as it stands. */
function plainMember(member: Node, parts: ClassParts, printer: Printer): Text {
  const value: Node = member['value']
  const head = printHead(member, parts, printer)
  const words = `${value['async'] ? 'async ' : ''}${value['generator'] ? '*' : ''}`
  const kind = member['kind'] === 'get' || member['kind'] === 'set' ? member['kind'] + ' ' : ''
  const isStatic = member['static'] ? 'static ' : ''
  return text`${isStatic}${kind}${words}${head}${printPlain(value, parts.body, printer)}`
}

function printHead(member: Node, parts: ClassParts, printer: Printer): Text {
  if (!member['computed']) return slice(member['key'])
  return text`[${printer.print(member['key'], parts.body)}]`
}

function printMethod(member: Node, parts: ClassParts, printer: Printer): Text {
  const value: Node = member['value']
  const field = printer.name('x')
  let head: Text
  let key: Text
  if (member['computed']) {
    const held = printer.name('k')
    parts.body.named.push(held)
    head = text`[${held}=${printer.helper('ky')}(${printer.print(member['key'], parts.body)})]`
    key = held
  } else {
    head = slice(member['key'])
    key = JSON.stringify(keyName(member))
  }
  const owner = member['static'] ? 'this' : 'this.prototype'
  const attach = text`${printer.helper('tm')}(${owner},${key},${methodTwin(value, owner, parts, printer)},${flagsOf(value, printer)})`
  parts.statics.push(text`static #${field}=${attach};`)
  const face = makeFace(value, printer, `${parts.name}.#${field}`)
  return text`${member['static'] ? 'static ' : ''}${head}${face}`
}

/** The generator function of a method; where it uses `super`, made with its home object. */
function methodTwin(value: Node, owner: string, parts: ClassParts, printer: Printer): Text {
  const outer: Body = { ...parts.body, created: null }
  if (!factsOf(value, printer).usesSuper) return printTwinFunction(value, outer, printer)
  const home = printer.name('h')
  return text`(${home}=>${printTwinFunction(value, outer, printer, home)})(${owner})`
}

/** A private method becomes a private getter of a function, so that the function is there before any instance. */
function printPrivateMethod(member: Node, parts: ClassParts, printer: Printer): Text {
  const value: Node = member['value']
  const field = printer.name('x')
  const owner = member['static'] ? 'this' : 'this.prototype'
  const maker = printer.maker('method', keyName(member)!, value)
  const made = text`${printer.helper('mk')}(${maker},${methodTwin(value, owner, parts, printer)},${flagsOf(value, printer)})`
  parts.statics.push(text`static #${field}=${made};`)
  const isStatic = member['static'] ? 'static ' : ''
  return text`${isStatic}get ${slice(member['key'])}(){return ${parts.name}.#${field}}`
}

function printConstructor(value: Node, parts: ClassParts, printer: Printer): Text {
  const facts = factsOf(value, printer)
  const isDerived = facts.role === 'derived constructor'
  const field = printer.name('x')
  const owner = printer.name('k')
  const home = facts.usesSuper ? `${owner}.prototype` : null
  const twin = isDerived
    ? text`function*${printTwin(value, parts.body, printer, home, owner)}`
    : printTwinFunction(value, parts.body, printer, home)
  const made = text`${printer.helper('ct')}(this,(${owner}=>${twin})(this),${isDerived ? '2' : '1'},${String(parts.hasFields)},${flagsOf(value, printer)})`
  parts.statics.push(text`static #${field}=${made};`)
  const run = text`return ${unmapped(printer.helper('B'))}(${parts.name}.#${field},this,arguments,${flagsOf(value, printer)},new.target)`
  const runDerived = text`return ${unmapped(printer.helper('B'))}(${parts.name}.#${field},void 0,arguments,${flagsOf(value, printer)},new.target)`
  const { prefix } = printer
  if (!isDerived) {
    return text`constructor(${faceParameters(value, printer)}){if(arguments[0]===${printer.helper('M')})return arguments[1];${run}}`
  }
  return text`constructor(${faceParameters(value, printer)}){const ${prefix}a=arguments;${markers(printer)}${runDerived}}`
}

function markers(printer: Printer): Text {
  const args = printer.prefix + 'a'
  const given = printer.helper('M')
  return text`switch(${args}[0]){case ${given}:return ${args}[1];case ${printer.helper('F')}:${unmapped('super')}(${given},${args}[1]);return;case ${printer.helper('U')}:super(...${args}[1]);return}`
}

/** A derived class that has no constructor: its parent's runs, in whatever way it can. */
function implicitConstructor(parts: ClassParts, printer: Printer): Text {
  const field = printer.name('x')
  parts.statics.push(
    text`static #${field}=${printer.helper('ct')}(this,null,3,${String(parts.hasFields)},0);`,
  )
  if (!parts.hasFields) return ''
  const args = printer.prefix + 'a'
  return text`constructor(...${args}){${markers(printer)}super(...${args})}`
}

function printField(member: Node, parts: ClassParts, printer: Printer): Text {
  const value: Node | null = member['value']
  const isStatic = member['static'] ? 'static ' : ''
  const head = text`${isStatic}${printHead(member, parts, printer)}`
  if (value === null) return text`${head};`
  const facts = printer.analysis.facts.get(member)!
  const isPlainFunction = isFunction(value) && member['computed']
  const wraps = (facts.lent.this || facts.lent.newTarget) && !isPlainFunction
  const aliases = aliasesOf(printer)
  const body: Body = {
    facts,
    green: false,
    words: OWN,
    lent: wraps ? aliases : OWN,
    home: null,
    derived: null,
    depth: 0,
    deepest: 0,
    named: [],
    created: null,
  }
  const printed = printer.operand(value, body)
  if (!wraps || isSlice(printed)) return text`${head}=${printed};`
  return text`${head}=((${aliases.this},${aliases.newTarget})=>(${printed}))(this);`
}

function printStaticBlock(member: Node, printer: Printer): Text {
  const facts = printer.analysis.facts.get(member)!
  const aliases = aliasesOf(printer)
  const body: Body = {
    facts,
    green: false,
    words: OWN,
    lent: aliases,
    home: null,
    derived: null,
    depth: 0,
    deepest: 0,
    named: [],
    created: null,
  }
  const open = printer.source.indexOf('{', member.start) + 1
  const list = printer.list(member['body'], open, member.end - 1, body)
  const named = body.named.length > 0 ? `let ${body.named.join(',')};` : ''
  return text`static{const ${aliases.this}=this;${named}${list}}`
}
