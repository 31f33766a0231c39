// The syntax tree as the compiler sees it: acorn's ESTree nodes, which carry their place in the source.

/** A node of the tree. Which other fields it has follows from its type, as ESTree says. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  // ESTree has some eighty kinds of node; each place that reads fields has looked at `type` before.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly [field: string]: any
}

const CHILDREN = Symbol('children')

/** The nodes directly below one, in the order of the source. */
export function childrenOf(node: Node): readonly Node[] {
  const keeper = node as { [CHILDREN]?: readonly Node[] }
  return (keeper[CHILDREN] ??= collect(node))
}

/** Whether a node begins a function of its own (methods too: their value is a FunctionExpression). */
export function isFunction(node: Node): boolean {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  )
}

export function isClass(node: Node): boolean {
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression'
}

/** Calls `visit` for each identifier that a pattern binds or assigns. */
export function eachTarget(pattern: Node | null, visit: (identifier: Node) => void): void {
  if (pattern === null) return
  switch (pattern.type) {
    case 'Identifier':
      visit(pattern)
      break
    case 'ObjectPattern':
      for (const property of pattern['properties']) {
        eachTarget(property.type === 'RestElement' ? property.argument : property.value, visit)
      }
      break
    case 'ArrayPattern':
      for (const element of pattern['elements']) eachTarget(element, visit)
      break
    case 'AssignmentPattern':
      eachTarget(pattern['left'], visit)
      break
    case 'RestElement':
      eachTarget(pattern['argument'], visit)
      break
    default:
  }
}

function collect(node: Node): readonly Node[] {
  const found: Node[] = []
  for (const field of Object.keys(node)) {
    const value: unknown = node[field]
    if (typeof value !== 'object' || value === null) continue
    if (Array.isArray(value)) for (const one of value) addNode(one, found)
    else addNode(value, found)
  }
  if (found.length < 2) return found
  // A shorthand property holds one node twice.
  if (node['shorthand']) return [found[1]!]
  for (let i = 1; i < found.length; i++) {
    if (found[i]!.start < found[i - 1]!.start) return found.sort((a, b) => a.start - b.start)
  }
  return found
}

function addNode(value: unknown, into: Node[]): void {
  if (value !== null && typeof (value as Partial<Node>).type === 'string') into.push(value as Node)
}
