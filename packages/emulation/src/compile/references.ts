// Which variable each identifier refers to, once all are declared; what that makes of the variables is noted on them.
import type { Node } from './node.ts'
import type { FunctionFacts, Scope, Variable } from './scope.ts'

/** An identifier, and the scope that it stands in. */
export interface Reference {
  readonly identifier: Node
  readonly scope: Scope
}

/** Enters the variables of identifiers in `references`, and names that have none, and are never assigned, in `globals`. */
export function resolve(
  pending: readonly Reference[],
  parents: ReadonlyMap<Node, Node>,
  references: Map<Node, Variable>,
  globals: Set<string>,
): void {
  const assigned = new Set<string>()
  for (const { identifier, scope } of pending) {
    const name: string = identifier['name']
    const variable = scope.find(name)
    const isGiven = isAssigned(identifier, parents)
    if (variable === undefined) {
      ;(isGiven ? assigned : globals).add(name)
      continue
    }
    references.set(identifier, variable)
    if (isGiven) variable.assigned++
    const home = variable.scope.owner
    if (home === scope.owner) continue
    variable.captured = true
    for (let at: FunctionFacts | null = scope.owner; at !== null && at !== home; at = at.outer) {
      at.free.add(variable)
    }
  }
  for (const name of assigned) globals.delete(name)
}

/** Whether an identifier stands where it gets a value, other than the first of a let, const or function. */
function isAssigned(identifier: Node, parents: ReadonlyMap<Node, Node>): boolean {
  let at = identifier
  for (;;) {
    const above = parents.get(at)
    if (above === undefined) return false
    switch (above.type) {
      case 'AssignmentExpression':
      case 'ForInStatement':
      case 'ForOfStatement':
        return above['left'] === at
      case 'UpdateExpression':
        return true
      case 'AssignmentPattern':
        if (above['left'] !== at) return false
        break
      case 'VariableDeclarator':
        return above['id'] === at && parents.get(above)!['kind'] === 'var'
      case 'Property':
        if (above['value'] !== at) return false
        break
      case 'ObjectPattern':
      case 'ArrayPattern':
      case 'RestElement':
        break
      default:
        return false
    }
    at = above
  }
}
