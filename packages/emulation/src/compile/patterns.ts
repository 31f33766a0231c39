// Array patterns whose iterator is stepped before anything is bound, so that its steps may be suspended: `const [a, b] = steps()`.
// That is so where nobody can tell it from stepping and binding in turns. Other patterns step in blocking mode.
import { calleeName } from './names.ts'
import { isFunction, type Node } from './node.ts'
import type { Printer } from './printer.ts'
import type { Variable } from './scope.ts'
import { text, type Text } from './text.ts'

/** Whether a node takes a value apart that may have green steps, as far as its form tells. */
export function takesApart(node: Node): boolean {
  if (node.type === 'VariableDeclarator') return isTaken(node['id'], node['init'])
  return node.type === 'AssignmentExpression' && isTaken(node['left'], node['right'])
}

function isTaken(pattern: Node, value: Node | null): boolean {
  return pattern.type === 'ArrayPattern' && value !== null && value.type !== 'ArrayExpression'
}

/** The call that gives an array of what the pattern takes of a value; null where it has to be done in turns. */
export function taken(
  pattern: Node,
  value: Text,
  source: Node | null,
  printer: Printer,
): Text | null {
  const count = stepsOf(pattern, printer)
  if (count === null) return null
  return text`${printer.helper('dt')}(${value},${String(count)},${JSON.stringify(complaint(source))})`
}

function stepsOf(pattern: Node, printer: Printer): number | null {
  if (pattern.type !== 'ArrayPattern') return null
  const elements: readonly (Node | null)[] = pattern['elements']
  if (elements.length === 0) return null
  const isInTry = standsInTry(pattern, printer)
  for (const element of elements) {
    if (element !== null && !isQuiet(element, isInTry, printer)) return null
  }
  return elements.at(-1)?.type === 'RestElement' ? Infinity : elements.length
}

/** Whether binding an element runs nothing, and nobody sees when it is done. */
function isQuiet(element: Node, isInTry: boolean, printer: Printer): boolean {
  if (element.type === 'RestElement') return isQuiet(element['argument'], isInTry, printer)
  if (element.type === 'AssignmentPattern') {
    return isQuiet(element['left'], isInTry, printer) && isPure(element['right'], printer)
  }
  if (element.type !== 'Identifier' || printer.early.has(element)) return false
  const variable = printer.analysis.references.get(element)
  if (variable === undefined || variable.readEarly || variable.writtenEarly) return false
  if (isDeclaredBy(element, variable, printer)) return true
  return variable.kind !== 'const' && !variable.captured && !isInTry && !isOutside(variable)
}

function isDeclaredBy(identifier: Node, variable: Variable, printer: Printer): boolean {
  if (variable.kind !== 'let' && variable.kind !== 'const') return false
  const { parents } = printer.analysis
  let at: Node | undefined = identifier
  while (at !== undefined && /Pattern$|^RestElement$|^Identifier$/.test(at.type))
    at = parents.get(at)
  return at?.type === 'VariableDeclarator'
}

/** A variable of the module: all of it can see that. */
function isOutside(variable: Variable): boolean {
  return variable.scope.kind === 'program' || variable.kind === 'import'
}

function isPure(node: Node, printer: Printer): boolean {
  if (isFunction(node)) return true
  switch (node.type) {
    case 'Literal':
      return true
    case 'UnaryExpression':
      return node['argument'].type === 'Literal'
    case 'ArrayExpression':
      return node['elements'].length === 0
    case 'ObjectExpression':
      return node['properties'].length === 0
    case 'Identifier':
      return printer.analysis.references.has(node) && !printer.early.has(node)
    default:
      return false
  }
}

/** After an error somebody may look at what has been assigned before it. */
function standsInTry(node: Node, printer: Printer): boolean {
  let at: Node | undefined = node
  while (at !== undefined && !isFunction(at)) {
    if (at.type === 'TryStatement') return true
    at = printer.analysis.parents.get(at)
  }
  return false
}

/** What V8 says of a value that is not iterable; nothing where that depends on the value. */
function complaint(source: Node | null): string {
  if (source === null) return '.for is not iterable'
  switch (source.type) {
    case 'Identifier':
      return `${source['name']} is not iterable`
    case 'CallExpression':
      return `${calleeName(source['callee'])} is not a function or its return value is not iterable`
    default:
      return ''
  }
}
