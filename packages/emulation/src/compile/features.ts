// What a subtree contains, so that printers copy what needs no change.
import { childrenOf, isClass, isFunction, type Node } from './node.ts'
import type { Analysis } from './scope.ts'

/** Something at which a twin may be suspended. */
export const BLOCKS = 1
/** A function or a class. */
export const FUNCTIONS = 2
/** `this`, `arguments`, `new.target` or `super` of the function that it stands in. */
export const OWN_WORDS = 4
/** `.bind(…)`, which must keep the twin in plain code too. */
export const BIND = 8

/** A variable that has another name in the output. */
export const NAMES = 16

export type Features = ReadonlyMap<Node, number>

export function featuresOf(program: Node, analysis: Analysis): Map<Node, number> {
  const found = new Map<Node, number>()
  const look = (node: Node): number => {
    let bits = analysis.blocking.has(node) ? BLOCKS : 0
    for (const child of childrenOf(node)) bits |= look(child)
    switch (node.type) {
      case 'ThisExpression':
      case 'Super':
      case 'MetaProperty':
      case 'ReturnStatement':
        bits |= OWN_WORDS
        break
      case 'Identifier':
        if (node['name'] === 'arguments' && !analysis.references.has(node)) bits |= OWN_WORDS
        break
      case 'CallExpression':
        if (isBind(node)) bits |= BIND
        break
      default:
    }
    if (isClass(node)) bits |= FUNCTIONS
    if (isFunction(node)) {
      const blocks = analysis.blocking.has(node) ? BLOCKS : 0
      bits = FUNCTIONS | blocks | (node.type === 'ArrowFunctionExpression' ? bits & OWN_WORDS : 0)
    }
    found.set(node, bits)
    return bits
  }
  look(program)
  return found
}

export function isBind(node: Node): boolean {
  const callee: Node = node['callee']
  return (
    callee.type === 'MemberExpression' &&
    !callee['computed'] &&
    callee['property'].name === 'bind' &&
    callee['object'].type !== 'Super' &&
    !callee['optional'] &&
    !node['optional']
  )
}

/** Notes where variables stand that are not printed as they are. */
export function noteNames(
  program: Node,
  features: Map<Node, number>,
  isChanged: (identifier: Node) => boolean,
): void {
  const look = (node: Node): number => {
    let bits = node.type === 'Identifier' && isChanged(node) ? NAMES : 0
    for (const child of childrenOf(node)) bits |= look(child)
    if (bits !== 0) features.set(node, features.get(node)! | bits)
    return bits
  }
  look(program)
}
