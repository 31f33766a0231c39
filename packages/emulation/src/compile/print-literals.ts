// Functions and methods where they stand as values, and object literals.
import type { Node } from './node.ts'
import { factsOf, hasTwin, printExpression, printPlain, printTwin } from './print-functions.ts'
import { flagsOf } from './flags.ts'
import { inferredName, keyName } from './names.ts'
import { OWN, type Body, type Handler, type Printer } from './printer.ts'
import { isSlice, slice, text, type Text } from './text.ts'

export const literalHandlers: Readonly<Record<string, Handler>> = {
  FunctionExpression: printFunctionValue,
  ArrowFunctionExpression: printFunctionValue,

  FunctionDeclaration(node, body, printer) {
    // As the only statement of an `if` or a label.
    printer.report(node, 'declared as a single statement')
    return printPlain(node, body, printer)
  },

  ThisExpression(_node, body) {
    return body.words.this
  },

  MetaProperty(node, body, printer) {
    return node['meta'].name === 'new' ? body.words.newTarget : printer.generic(node, body)
  },

  Identifier(node, body, printer) {
    const variable = printer.analysis.references.get(node)
    if (variable === undefined) {
      return node['name'] === 'arguments' ? body.words.arguments : slice(node)
    }
    const printed = variable.output === variable.name ? slice(node) : variable.output
    if (!printer.early.has(node) || !printer.isPlain(variable.scope.owner)) return printed
    return text`${printer.helper('d')}(${printed},${JSON.stringify(variable.name)})`
  },

  ObjectExpression(node, body, printer) {
    const methods = node['properties'].filter(
      (one: Node) => one['method'] && factsOf(one['value'], printer).usesSuper && hasPlace(body),
    )
    if (!methods.some((one: Node) => hasTwin(one['value'], body, printer))) {
      return printer.generic(node, body)
    }
    const home = printer.name('o')
    body.named.push(home)
    return text`(${home}={home:null},${home}.home=${printObject(node, home, body, printer)})`
  },

  Property(node, body, printer) {
    return printProperty(node, null, body, printer)
  },
}

function printFunctionValue(node: Node, body: Body, printer: Printer): Text {
  const parent = printer.analysis.parents.get(node)!
  if (isAccessor(parent)) {
    if (factsOf(node, printer).mayBlock) printer.report(node, 'getter or setter')
    return printPlain(node, body, printer)
  }
  const name = inferredName(node, printer.analysis.parents)
  const isOnce = !printer.isPlain(factsOf(node, printer)) && isRunOnce(node, parent, body)
  if (isOnce || !hasTwin(node, body, printer)) {
    const printed = printPlain(node, body, printer)
    if (body.created === null || !name || node['id'] || printer.isMethod(node)) return printed
    // Its place gives it no name any more.
    return text`({${JSON.stringify(name)}:${printed}})[${JSON.stringify(name)}]`
  }
  if (name !== null) {
    return printExpression(node, body, printer)
  }
  printer.report(node, 'named by a computed key')
  return printPlain(node, body, printer)
}

function isAccessor(parent: Node): boolean {
  return (
    (parent.type === 'Property' || parent.type === 'MethodDefinition') &&
    (parent['kind'] === 'get' || parent['kind'] === 'set')
  )
}

/** A function called where it stands, in code that cannot be suspended anyway. */
function isRunOnce(node: Node, parent: Node, body: Body): boolean {
  return !body.green && parent.type === 'CallExpression' && parent['callee'] === node
}

/** Whether a name can be declared for the body. */
export function hasPlace(body: Body): boolean {
  if (body.green) return true
  const { node, role } = body.facts
  if (role === 'field' || body.lent === OWN) return false
  return role === 'program' || role === 'static block' || node['body'].type === 'BlockStatement'
}

function printObject(node: Node, home: string, body: Body, printer: Printer): Text {
  const parts: Text[] = []
  let at = node.start
  for (const property of node['properties'] as Node[]) {
    parts.push({ start: at, end: property.start })
    if (property.type === 'Property') parts.push(printProperty(property, home, body, printer))
    else parts.push(printer.print(property, body))
    at = property.end
  }
  parts.push({ start: at, end: node.end })
  return parts
}

function printProperty(node: Node, home: string | null, body: Body, printer: Printer): Text {
  const value: Node = node['value']
  if (node['shorthand']) {
    const printed = printer.print(value, body)
    const target: Node = value.type === 'Identifier' ? value : value['left']
    const isKept = value.type === 'Identifier' && isSlice(printed)
    const variable = printer.analysis.references.get(target)
    const isNamed = variable === undefined || variable.output === variable.name
    if (isKept || (value.type !== 'Identifier' && isNamed)) return printed
    return text`${slice(node['key'])}:${printed}`
  }
  if (node['kind'] !== 'init') return printer.generic(node, body)
  const isFunctionValue =
    value.type === 'ArrowFunctionExpression' || value.type === 'FunctionExpression'
  if (!isFunctionValue || (!node['method'] && !node['computed'])) return printer.generic(node, body)
  const usesSuper = node['method'] && factsOf(value, printer).usesSuper
  const isNamed = value['id'] !== null && value['id'] !== undefined
  if (!hasTwin(value, body, printer) || (node['computed'] && !hasPlace(body))) {
    return printer.generic(node, body)
  }
  if (isNamed) return printer.generic(node, body)
  if (usesSuper && home === null) {
    printer.report(value, 'super in an object literal')
    return plainMethod(node, body, printer)
  }
  let key: Text
  let name: Text | undefined
  if (node['computed']) {
    const held = printer.name('k')
    body.named.push(held)
    key = text`[${held}=${printer.helper('ky')}(${printer.print(node['key'], body)})]`
    name = held
  } else key = keyName(node) === '__proto__' ? '["__proto__"]' : slice(node['key'])
  if (!usesSuper) {
    const printed = printExpression(value, body, printer, name)
    return text`${key}:${printer.created(value, printed, body)}`
  }
  return text`${key}:${superMethod(node, home!, name, body, printer)}`
}

function superMethod(
  node: Node,
  home: string,
  name: Text | undefined,
  body: Body,
  printer: Printer,
): Text {
  const value: Node = node['value']
  const own = printer.name('h')
  const maker = printer.maker('method', name === undefined ? keyName(node)! : '', value)
  const twin = text`(${own}=>function*${printTwin(value, body, printer, `${own}.home`)})(${home})`
  const made = text`${printer.helper('mk')}(${maker},${twin},${flagsOf(value, printer)})`
  return name === undefined ? made : text`${printer.helper('nm')}(${made},${name})`
}

function plainMethod(node: Node, body: Body, printer: Printer): Text {
  const value: Node = node['value']
  return [{ start: node.start, end: value.start }, printPlain(value, body, printer)]
}
