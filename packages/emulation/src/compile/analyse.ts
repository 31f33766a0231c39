// One walk over the tree: declares, resolves, and collects the facts of each function.
import { declareBlock, declareTargets, hoistVariables } from './declare.ts'
import { awaitsReturn, canBlock, makesError, needsTwin } from './may-block.ts'
import { childrenOf, isClass, isFunction, type Node } from './node.ts'
import {
  newFacts,
  Scope,
  type Analysis,
  type FunctionFacts,
  type FunctionRole,
  type Variable,
} from './scope.ts'
import { lend, lendSuper, markDynamic } from './lend.ts'
import type { SourceKind } from './parse.ts'
import { resolve, type Reference } from './references.ts'

export function analyse(program: Node, kind: SourceKind): Analysis {
  const walker = new Walker(program, kind)
  walker.walkProgram()
  resolve(walker.pending, walker.parents, walker.references, walker.globals)
  return walker
}

class Walker implements Analysis {
  readonly program: FunctionFacts
  readonly facts = new Map<Node, FunctionFacts>()
  readonly scopes = new Map<Node, Scope>()
  readonly references = new Map<Node, Variable>()
  readonly globals = new Set<string>()
  readonly blocking = new Set<Node>()
  readonly parents = new Map<Node, Node>()
  readonly names = new Set<string>()
  readonly pending: Reference[] = []
  inParameters = false

  constructor(program: Node, kind: SourceKind) {
    const strict = kind === 'module' || isStrict(program['body'])
    this.program = newFacts(program, 'program', null, strict, false)
    this.facts.set(program, this.program)
  }

  walkProgram(): void {
    const { node } = this.program
    const scope = this.open(node, 'program', null, this.program)
    hoistVariables(node, scope)
    declareBlock(node['body'], scope)
    for (const statement of node['body']) this.visit(statement, scope, node)
  }

  open(node: Node, kind: Scope['kind'], outer: Scope | null, owner: FunctionFacts): Scope {
    const scope = new Scope(kind, outer, owner)
    this.scopes.set(node, scope)
    owner.scopes.push(scope)
    return scope
  }

  /** Visits a child; gives whether it contains something that may block. */
  visit(node: Node, scope: Scope, parent: Node): boolean {
    this.parents.set(node, parent)
    const inside = this.look(node, scope)
    const isPlain = makesError(node, (name) => scope.find(name) !== undefined)
    const blocks = inside || (!isPlain && canBlock(node)) || awaitsReturn(node, scope.owner)
    if (blocks) this.blocking.add(node)
    if (!isPlain && needsTwin(node)) scope.owner.mayBlock = true
    return blocks
  }

  visitAll(nodes: Iterable<Node | null>, scope: Scope, parent: Node): boolean {
    let blocks = false
    for (const node of nodes) if (node !== null && this.visit(node, scope, parent)) blocks = true
    return blocks
  }

  look(node: Node, scope: Scope): boolean {
    if (isFunction(node)) return this.function(node, scope)
    if (isClass(node)) return this.class(node, scope)
    const { owner } = scope
    switch (node.type) {
      case 'Identifier':
        this.identifier(node, scope)
        return false
      case 'ThisExpression':
        lend(owner, 'this')
        return false
      case 'Super':
        lendSuper(owner)
        lend(owner, 'this')
        return false
      case 'MetaProperty':
        if (node['meta'].name === 'new') lend(owner, 'newTarget')
        return false
      case 'WithStatement':
        markDynamic(owner)
        break
      case 'CallExpression':
        if (node['callee'].type === 'Identifier' && node['callee'].name === 'eval') {
          markDynamic(owner)
          lend(owner, 'this')
          lend(owner, 'arguments')
        }
        break
      case 'MemberExpression':
        return this.member(node, scope)
      case 'Property':
        return this.property(node, scope)
      case 'MethodDefinition':
      case 'PropertyDefinition':
      case 'StaticBlock':
        throw new Error(`A ${node.type} outside of a class`)
      case 'LabeledStatement':
        return this.visit(node['body'], scope, node)
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return false
      case 'ExportNamedDeclaration':
        if (node['declaration'] !== null) return this.visit(node['declaration'], scope, node)
        if (node['source'] === null) {
          for (const specifier of node['specifiers']) {
            this.parents.set(specifier.local, specifier)
            if (specifier.local.type === 'Identifier') this.identifier(specifier.local, scope)
          }
        }
        return false
      case 'BlockStatement': {
        const inner = this.open(node, 'block', scope, owner)
        declareBlock(node['body'], inner)
        return this.visitAll(node['body'], inner, node)
      }
      case 'SwitchStatement':
        return this.switch(node, scope)
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement': {
        const inner = this.open(node, 'loop', scope, owner)
        const head: Node | null = node['init'] ?? node['left'] ?? null
        if (head?.type === 'VariableDeclaration') declareBlock([head], inner)
        return this.visitAll(childrenOf(node), inner, node)
      }
      case 'CatchClause': {
        const inner = this.open(node, 'block', scope, owner)
        declareTargets(node['param'], inner, 'catch')
        return this.visitAll(childrenOf(node), inner, node)
      }
      default:
    }
    return this.visitAll(childrenOf(node), scope, node)
  }

  identifier(node: Node, scope: Scope): void {
    const name: string = node['name']
    this.names.add(name)
    if (name === 'yield') scope.owner.yieldName = true
    if (name === 'arguments' && scope.find(name) === undefined) lend(scope.owner, 'arguments')
    else this.pending.push({ identifier: node, scope })
  }

  member(node: Node, scope: Scope): boolean {
    const { object, property } = node as Record<string, Node> as { object: Node; property: Node }
    const isCallee = !node['computed'] && property['name'] === 'callee'
    if (isCallee && object['name'] === 'arguments') scope.owner.usesCallee = true
    const blocks = this.visit(object, scope, node)
    if (node['computed']) return this.visit(property, scope, node) || blocks
    this.parents.set(property, node)
    return blocks
  }

  property(node: Node, scope: Scope): boolean {
    const blocks = node['computed'] ? this.visit(node['key'], scope, node) : false
    return this.visit(node['value'], scope, node) || blocks
  }

  switch(node: Node, scope: Scope): boolean {
    let blocks = this.visit(node['discriminant'], scope, node)
    const inner = this.open(node, 'block', scope, scope.owner)
    for (const one of node['cases']) declareBlock(one.consequent, inner)
    for (const one of node['cases'] as Node[]) if (this.visit(one, inner, node)) blocks = true
    return blocks
  }

  function(node: Node, scope: Scope): boolean {
    const role = this.roleOf(node)
    const { owner } = scope
    const strict = owner.strict || isStrict(node['body'].body)
    const facts = newFacts(node, role, owner, strict, this.inParameters)
    this.facts.set(node, facts)
    let outer = scope
    if (node.type === 'FunctionExpression' && node['id'] !== null) {
      outer = new Scope('self', scope, facts)
      facts.self = declareTargets(node['id'], outer, 'self')
      this.names.add(node['id'].name)
    } else if (node['id']) this.names.add(node['id'].name)
    const inner = this.open(node, 'function', outer, facts)
    for (const parameter of node['params']) declareTargets(parameter, inner, 'parameter')
    const { body } = node as unknown as { body: Node }
    if (body.type === 'BlockStatement') {
      hoistVariables(body, inner)
      declareBlock(body['body'], inner)
      this.parents.set(body, node)
    }
    this.parameters(node, inner)
    let blocks: boolean
    if (body.type !== 'BlockStatement') blocks = this.visit(body, inner, node)
    else blocks = this.visitAll(body['body'], inner, body)
    if (blocks) this.blocking.add(body)
    return false
  }

  parameters(node: Node, inner: Scope): void {
    const before = this.inParameters
    this.inParameters = true
    this.visitAll(node['params'], inner, node)
    this.inParameters = before
    this.inParameters = false
  }

  roleOf(node: Node): FunctionRole {
    if (node.type === 'ArrowFunctionExpression') return 'arrow'
    const parent = this.parents.get(node)!
    if (parent.type === 'Property' && parent['value'] === node) {
      if (parent['kind'] !== 'init') return 'accessor'
      if (parent['method']) return 'method'
    }
    if (parent.type === 'MethodDefinition') {
      if (parent['kind'] === 'method') return 'method'
      if (parent['kind'] !== 'constructor') return 'accessor'
      const owner = this.parents.get(this.parents.get(parent)!)!
      return owner['superClass'] === null ? 'constructor' : 'derived constructor'
    }
    return 'function'
  }

  class(node: Node, scope: Scope): boolean {
    const inner = this.open(node, 'class', scope, scope.owner)
    if (node['id'] !== null) {
      if (node.type === 'ClassDeclaration') this.identifier(node['id'], scope)
      declareTargets(node['id'], inner, 'self')
      this.names.add(node['id'].name)
    }
    let blocks = node['superClass'] === null ? false : this.visit(node['superClass'], inner, node)
    const { body } = node as unknown as { body: Node }
    this.parents.set(body, node)
    for (const member of body['body'] as Node[]) {
      this.parents.set(member, body)
      if (member['computed'] && this.visit(member['key'], inner, member)) {
        blocks = true
        this.blocking.add(member)
      }
      if (member.type === 'MethodDefinition') this.visit(member['value'], inner, member)
      else this.initialiser(member, inner)
    }
    if (blocks) this.blocking.add(body)
    return blocks
  }

  /** A field's value or a static block: run like a method without parameters. */
  initialiser(member: Node, scope: Scope): void {
    const isBlock = member.type === 'StaticBlock'
    if (!isBlock && member['value'] === null) return
    const role = isBlock ? 'static block' : 'field'
    const facts = newFacts(member, role, scope.owner, true, false)
    this.facts.set(member, facts)
    const inner = this.open(member, 'function', scope, facts)
    const before = this.inParameters
    this.inParameters = false
    if (isBlock) {
      hoistVariables(member, inner)
      declareBlock(member['body'], inner)
      this.visitAll(member['body'], inner, member)
    } else this.visit(member['value'], inner, member)
    this.inParameters = before
  }
}

function isStrict(body: unknown): boolean {
  if (!Array.isArray(body)) return false
  for (const statement of body) {
    if (statement.directive === undefined) return false
    if (statement.directive === 'use strict') return true
  }
  return false
}
