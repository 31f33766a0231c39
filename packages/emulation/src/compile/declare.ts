// Which names a piece of source declares, and in which scope.
import { childrenOf, eachTarget, isClass, isFunction, type Node } from './node.ts'
import type { Scope, Variable, VariableKind } from './scope.ts'

/** Declares the names of a pattern; gives the last of them. */
export function declareTargets(
  pattern: Node | null,
  scope: Scope,
  kind: VariableKind,
): Variable | null {
  let last: Variable | null = null
  eachTarget(pattern, (identifier) => {
    last = declare(identifier['name'], scope, kind)
  })
  return last
}

/** What is declared at the head of a block: let, const, class, and functions. */
export function declareBlock(statements: readonly Node[], scope: Scope): void {
  for (const statement of statements) {
    let node = statement
    if (/^Export(Named|Default)/.test(node.type) && node['declaration']) node = node['declaration']
    if (node.type === 'VariableDeclaration') {
      if (node['kind'] === 'var') continue
      for (const { id } of node['declarations']) declareTargets(id, scope, node['kind'])
    } else if (node.type === 'ClassDeclaration' && node['id'] !== null) {
      declare(node['id'].name, scope, 'class')
    } else if (node.type === 'FunctionDeclaration') {
      scope.functions.push(node)
      if (node['id'] !== null) declare(node['id'].name, scope, 'function').functions.push(node)
    } else if (node.type === 'ImportDeclaration') {
      for (const { local } of node['specifiers']) declare(local.name, scope, 'import')
    }
  }
}

/** The `var`s of a function or program, wherever they stand. */
export function hoistVariables(node: Node, scope: Scope): void {
  if (node.type === 'VariableDeclaration' && node['kind'] === 'var') {
    for (const { id } of node['declarations']) declareTargets(id, scope, 'var')
  }
  for (const child of childrenOf(node)) {
    if (!isFunction(child) && !isClass(child) && !child.type.endsWith('Expression')) {
      hoistVariables(child, scope)
    }
  }
}

function declare(name: string, scope: Scope, kind: VariableKind): Variable {
  const known = scope.variables.get(name)
  if (known !== undefined) {
    if (known.kind === 'parameter' && kind !== 'parameter') known.redeclared = true
    if (kind === 'function') known.kind = kind
    return known
  }
  const variable: Variable = {
    name,
    kind,
    scope,
    assigned: 0,
    captured: false,
    functions: [],
    output: name,
    redeclared: false,
    readEarly: false,
    writtenEarly: false,
  }
  scope.variables.set(name, variable)
  return variable
}
