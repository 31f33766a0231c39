// References to a let, const or class that may be reached before its declaration. Where a printer hoists the declaration,
// it has to check these, since the language throws a ReferenceError there.
import { isFunction, type Node } from './node.ts'
import type { Analysis, Variable } from './scope.ts'

/** The references that may be early; what is known of the variables is noted on them. */
export function findEarly(analysis: Analysis): ReadonlySet<Node> {
  return new Search(analysis).run()
}

interface Declared {
  readonly identifier: Node
  /** The statement's part in which it gets its value. */
  readonly declarator: Node
  readonly after: number
}

class Search {
  readonly analysis: Analysis
  readonly declared = new Map<Variable, Declared>()
  readonly uses = new Map<Variable, Node[]>()
  readonly early = new Set<Node>()

  constructor(analysis: Analysis) {
    this.analysis = analysis
    for (const [identifier, variable] of analysis.references) {
      const uses = this.uses.get(variable)
      if (uses === undefined) this.uses.set(variable, [identifier])
      else uses.push(identifier)
      if (isLexical(variable)) this.findDeclaration(identifier, variable)
    }
  }

  run(): ReadonlySet<Node> {
    for (const [variable, declared] of this.declared) {
      for (const use of this.uses.get(variable)!) {
        // An export names a variable, and does not read it.
        if (use === declared.identifier || this.parentOf(use).type === 'ExportSpecifier') continue
        if (!this.isEarly(use, variable, declared)) continue
        this.early.add(use)
        if (this.isWritten(use)) variable.writtenEarly = true
        else variable.readEarly = true
      }
    }
    return this.early
  }

  isEarly(use: Node, variable: Variable, { declarator, after }: Declared): boolean {
    const host = this.hostOf(use, variable)
    if (host === null) return use.start < after || !this.isSameCase(use, declarator, variable)
    if (host.type === 'FunctionDeclaration') return this.runsEarly(host, variable, after, new Set())
    return host.start < after && declarator['init'] !== host
  }

  /** Whether a hoisted function may be called before `after`. */
  runsEarly(host: Node, variable: Variable, after: number, asked: Set<Node>): boolean {
    if (asked.has(host)) return false
    asked.add(host)
    const name = this.analysis.scopes.get(host)!.outer!.find(host['id']?.name ?? '')
    if (name === undefined) return true
    for (const use of this.uses.get(name) ?? []) {
      const user = this.hostOf(use, variable)
      if (user === host) continue
      if (user?.type !== 'FunctionDeclaration') {
        if (use.start < after) return true
      } else if (this.runsEarly(user, variable, after, asked)) return true
    }
    return false
  }

  /** The outermost function around a node inside of the one that owns the variable; null when it is in that one itself. */
  hostOf(node: Node, variable: Variable): Node | null {
    const owner = variable.scope.owner.node
    let host: Node | null = null
    for (let at: Node | undefined = node; at !== undefined && at !== owner;) {
      if (isFunction(at) || at.type === 'PropertyDefinition' || at.type === 'StaticBlock') host = at
      at = this.analysis.parents.get(at)
    }
    return host
  }

  /** In a switch, another case may have skipped the declaration. */
  isSameCase(use: Node, declarator: Node, variable: Variable): boolean {
    const caseOf = (node: Node): Node | undefined => {
      let at: Node | undefined = node
      while (at !== undefined) {
        const above: Node | undefined = this.analysis.parents.get(at)
        if (at.type === 'SwitchCase' && this.analysis.scopes.get(above!) === variable.scope)
          return at
        at = above
      }
      return undefined
    }
    return caseOf(use) === caseOf(declarator)
  }

  findDeclaration(identifier: Node, variable: Variable): void {
    const { parents } = this.analysis
    for (let at = identifier; ;) {
      const above = parents.get(at)
      if (above === undefined) return
      if (above.type === 'ClassDeclaration' && above['id'] === at) {
        this.declared.set(variable, { identifier, declarator: above, after: above.end })
        return
      }
      if (above.type === 'VariableDeclarator') {
        const declaration = parents.get(above)!
        if (above['id'] !== at || declaration['kind'] === 'var') return
        const loop = parents.get(declaration)
        const after = loop?.['left'] === declaration ? loop!['right'].end : above.end
        this.declared.set(variable, { identifier, declarator: above, after })
        return
      }
      if (!/Pattern$|^Property$|^RestElement$/.test(above.type)) return
      if (above.type === 'AssignmentPattern' && above['left'] !== at) return
      at = above
    }
  }

  parentOf(node: Node): Node {
    return this.analysis.parents.get(node)!
  }

  isWritten(identifier: Node): boolean {
    const parent = this.parentOf(identifier)
    switch (parent.type) {
      case 'AssignmentExpression':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'AssignmentPattern':
        return parent['left'] === identifier
      case 'UpdateExpression':
      case 'ArrayPattern':
      case 'RestElement':
        return true
      case 'Property':
        return this.analysis.parents.get(parent)!.type === 'ObjectPattern'
      default:
        return false
    }
  }
}

function isLexical(variable: Variable): boolean {
  return variable.kind === 'let' || variable.kind === 'const' || variable.kind === 'class'
}
