// The one place that says whether a node may reach a blocking primitive by itself.
import type { Node } from './node.ts'
import { takesApart } from './patterns.ts'
import type { FunctionFacts } from './scope.ts'

/** Whether a function needs a twin because of this node. */
export function needsTwin(node: Node): boolean {
  switch (node.type) {
    case 'CallExpression':
      return !importsByText(node)
    case 'NewExpression':
      return !importsByText(node) && !isEmptyCollection(node)
    case 'TaggedTemplateExpression':
    case 'ForOfStatement':
    case 'SpreadElement':
      return true
    case 'YieldExpression':
      return node['delegate']
    case 'VariableDeclarator':
    case 'AssignmentExpression':
      return takesApart(node)
    default:
      return false
  }
}

const ERRORS = new Set(
  'Error,TypeError,RangeError,SyntaxError,ReferenceError,EvalError,URIError,AggregateError'.split(
    ',',
  ),
)

/** `new Error(…)`, where that is no variable of the module: it is made where it stands, and cannot block. */
export function makesError(node: Node, isBound: (name: string) => boolean): boolean {
  const callee: Node = node['callee']
  return (
    node.type === 'NewExpression' &&
    callee.type === 'Identifier' &&
    ERRORS.has(callee['name']) &&
    !isBound(callee['name'])
  )
}

/** Whether a twin may be suspended at this node. */
export function canBlock(node: Node): boolean {
  return needsTwin(node) || node.type === 'AwaitExpression' || node.type === 'YieldExpression'
}

/** `new Map()`, `new Set(['a'])`: nothing that they step through runs code. */
function isEmptyCollection(node: Node): boolean {
  const args: readonly Node[] = node['arguments']
  return (
    /^(?:Weak)?(?:Map|Set)$/.test(node['callee'].name) &&
    args.every(({ type }) => type === 'ArrayExpression')
  )
}

/** `return x` in an async generator awaits x. */
export function awaitsReturn(node: Node, { node: owner }: FunctionFacts): boolean {
  return (
    node.type === 'ReturnStatement' &&
    node['argument'] !== null &&
    owner['async'] &&
    owner['generator']
  )
}

/** `new Function('x', 'return import(x)')`: what it imports is looked for from the file in which that stands. */
export function importsByText(node: Node): boolean {
  const callee: Node = node['callee']
  if (callee.type !== 'Identifier' || callee['name'] !== 'Function') return false
  const texts = (node['arguments'] as Node[]).map((argument) => argument['value'] as unknown)
  return texts.some((text) => typeof text === 'string' && /\bimport\s*\(/.test(text))
}
