// Chooses how each function is printed, and names the variables of those whose body is taken apart: in a plain twin, what is
// declared in blocks is hoisted to the function under names of its own, and where a function inside captures it, it becomes a
// field of an object made at each entry of the block.
import { BLOCKS, type Features } from './features.ts'
import { inferredName } from './names.ts'
import { childrenOf, isClass, isFunction, type Node } from './node.ts'
import type { Analysis, FunctionFacts, Scope } from './scope.ts'

export type Form = 'copy' | 'generator' | 'plain'

export type Forms = ReadonlyMap<FunctionFacts, Form>

/** `copy`: no twin, or one whose printer decides; `plain`: hot and cold bodies; else a generator. */
export function chooseForms(
  analysis: Analysis,
  features: Features,
  prefix: string,
  allowPlain: boolean,
): Forms {
  const forms = new Map<FunctionFacts, Form>()
  const bound = boundByMethods(analysis)
  let made = 0
  for (const facts of analysis.facts.values()) {
    const form = chooseForm(facts, analysis, features, forms, allowPlain && !bound.has(facts))
    forms.set(facts, form)
    if (form !== 'plain') continue
    for (const scope of facts.scopes) {
      if (scope.kind === 'function' || scope.kind === 'class') continue
      for (const variable of scope.variables.values()) {
        made++
        if (!variable.captured) variable.output = `${prefix}v${made}${variable.name}`
        else {
          scope.environment ??= `${prefix}e${made}`
          variable.output = `${scope.environment}.${variable.name}`
        }
      }
    }
  }
  return forms
}

/** Functions whose block variables a method or accessor of a literal captures: it stands where no environment can be handed. */
function boundByMethods(analysis: Analysis): ReadonlySet<FunctionFacts> {
  const found = new Set<FunctionFacts>()
  for (const { node, free, mayBlock } of analysis.facts.values()) {
    const parent = analysis.parents.get(node)
    if (parent?.type !== 'Property' || parent['value'] !== node) continue
    const isAccessor = parent['kind'] !== 'init'
    if (!isAccessor && !parent['method']) continue
    if (!isAccessor && mayBlock) continue
    for (const { scope } of free) if (scope.kind !== 'function') found.add(scope.owner)
  }
  return found
}

function chooseForm(
  facts: FunctionFacts,
  analysis: Analysis,
  features: Features,
  forms: Forms,
  allowPlain: boolean,
): Form {
  const { node, role, outer } = facts
  if (!facts.mayBlock || !isFunction(node)) return 'copy'
  if (!allowPlain || facts.dynamicInside || facts.usesCallee) return 'generator'
  if (role === 'accessor' || role === 'derived constructor') return 'generator'
  if (node['async'] || node['generator'] || facts.usesNewTarget) return 'generator'
  if (facts.self !== null && facts.self.assigned > 0) return 'generator'
  const parent = analysis.parents.get(node)!
  if (!hasKnownPlace(node, parent, facts, analysis)) return 'generator'
  const isCalled = parent.type === 'CallExpression' && parent['callee'] === node
  if (isCalled && outer !== null && forms.get(outer) === 'copy') return 'copy'
  if (node['params'].some((one: Node) => (features.get(one)! & BLOCKS) !== 0)) return 'generator'
  if (facts.scopes.some((scope) => !canHoist(scope, facts))) return 'generator'
  if (!isLowered(node['body'], features, analysis)) return 'generator'
  return 'plain'
}

/** Whether the function's name and place are such that it gets a twin in any case. */
function hasKnownPlace(
  node: Node,
  parent: Node,
  facts: FunctionFacts,
  analysis: Analysis,
): boolean {
  if (node.type === 'FunctionDeclaration') {
    return /^(?:Program|BlockStatement|StaticBlock|SwitchCase|Export.*)$/.test(parent.type)
  }
  if (parent.type === 'MethodDefinition') {
    if (parent['computed']) return false
    const owner = analysis.parents.get(analysis.parents.get(parent)!)!
    return owner['id'] !== null || inferredName(owner, analysis.parents) !== null
  }
  if (parent.type === 'Property' && parent['method'] && facts.usesSuper) return false
  return node['id'] || inferredName(node, analysis.parents) !== null
}

function isList(node: Node): boolean {
  return /^(?:Program|BlockStatement|StaticBlock|SwitchCase|Export.*)$/.test(node.type)
}

/** Whether hoisting what a scope declares cannot be told from declaring it where it stands. */
function canHoist(scope: Scope, facts: FunctionFacts): boolean {
  if (scope.kind === 'block' && scope.functions.length > 0 && !facts.strict) return false
  for (const variable of scope.variables.values()) {
    if (variable.kind === 'const' && variable.assigned > 0) return false
    if (variable.writtenEarly) return false
    if (scope.kind === 'function' && variable.functions.length > 1) return false
    if (scope.kind !== 'function' && variable.kind === 'function') {
      if (variable.assigned > 0 || variable.functions.length > 1) return false
    }
  }
  return true
}

/** Whether the lowering knows all that the body needs. */
function isLowered(body: Node, features: Features, analysis: Analysis): boolean {
  const look = (node: Node): boolean => {
    if (isFunction(node)) return isInList(node)
    const blocks = (features.get(node)! & BLOCKS) !== 0
    if (isClass(node)) return !headBlocks(node, features)
    if (node.type === 'ObjectExpression' && node['properties'].some(usesSuper)) return false
    if (blocks && isBeyond(node, features)) return false
    return childrenOf(node).every(look)
  }
  return look(body)

  function isInList(node: Node): boolean {
    const parent = analysis.parents.get(node)!
    return node.type !== 'FunctionDeclaration' || isList(parent)
  }

  function usesSuper(property: Node): boolean {
    return property['method'] && analysis.facts.get(property['value'])!.usesSuper
  }
}

function headBlocks(node: Node, features: Features): boolean {
  const parts: (Node | null)[] = [node['superClass']]
  for (const member of node['body'].body) if (member.computed) parts.push(member.key)
  return parts.some((part) => part !== null && (features.get(part)! & BLOCKS) !== 0)
}

/** What contains a call in a place from which the lowering does not take it out. */
function isBeyond(node: Node, features: Features): boolean {
  const blocks = (one: Node | null): boolean => one !== null && (features.get(one)! & BLOCKS) !== 0
  switch (node.type) {
    case 'ObjectPattern':
    case 'ArrayPattern':
    case 'AssignmentPattern':
      return true
    case 'TaggedTemplateExpression':
      return blocks(node['quasi'])
    case 'ImportExpression':
    case 'AwaitExpression':
    case 'YieldExpression':
      return true
    case 'AssignmentExpression': {
      const left: Node = node['left']
      return left.type === 'MemberExpression' && left['object'].type === 'Super'
    }
    case 'UpdateExpression':
      return node['argument'].object?.type === 'Super'
    case 'Property':
      return node['method'] || node['kind'] === 'get' || node['kind'] === 'set'
    case 'CallExpression':
      return node['callee'].type === 'Super'
    case 'ForInStatement': {
      const left: Node = node['left']
      return left.type !== 'VariableDeclaration' && blocks(left)
    }
    case 'ForOfStatement': {
      const left: Node = node['left']
      return node['await'] || (left.type !== 'VariableDeclaration' && blocks(left))
    }
    case 'ChainExpression':
      return containsSuper(node)
    default:
      return false
  }
}

function containsSuper(node: Node): boolean {
  return node.type === 'Super' || (!isFunction(node) && childrenOf(node).some(containsSuper))
}
