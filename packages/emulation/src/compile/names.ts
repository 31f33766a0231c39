// Names of functions as the language infers them, and callees as V8 writes them into error messages.
import type { Node } from './node.ts'

/** The name that an anonymous function or class gets from where it stands; null when only the run can tell. */
export function inferredName(node: Node, parents: ReadonlyMap<Node, Node>): string | null {
  const parent = parents.get(node)
  if (parent === undefined) return ''
  switch (parent.type) {
    case 'VariableDeclarator':
      return parent['init'] === node && parent['id'].type === 'Identifier' ? parent['id'].name : ''
    case 'AssignmentExpression':
      return parent['right'] === node &&
        parent['left'].type === 'Identifier' &&
        /^(?:=|\|\|=|&&=|\?\?=)$/.test(parent['operator'])
        ? parent['left'].name
        : ''
    case 'AssignmentPattern':
      return parent['right'] === node && parent['left'].type === 'Identifier'
        ? parent['left'].name
        : ''
    case 'Property':
      return parent['value'] === node ? keyName(parent) : ''
    case 'PropertyDefinition':
      return parent['value'] === node ? keyName(parent) : ''
    case 'ExportDefaultDeclaration':
      return 'default'
    default:
      return ''
  }
}

/** The name of a property or method; null when its key is computed. */
export function keyName(member: Node): string | null {
  const { key } = member as unknown as { key: Node }
  if (member['computed']) return null
  if (key.type === 'Identifier') return key['name']
  if (key.type === 'PrivateIdentifier') return '#' + key['name']
  return String(key['value'])
}

/** What V8 calls a callee: `a.b(...).c`. */
export function calleeName(node: Node): string {
  const name = render(node)
  return name.length > 80 ? '(intermediate value)' : name
}

function render(node: Node): string {
  switch (node.type) {
    case 'Identifier':
      return node['name']
    case 'ThisExpression':
      return 'this'
    case 'Super':
      return '(intermediate value)'
    case 'MemberExpression': {
      const object = render(node['object'])
      const { property } = node as unknown as { property: Node }
      if (!node['computed']) return `${object}.${keyName({ ...node, key: property })}`
      if (typeof property['value'] === 'string') return `${object}.${property['value']}`
      if (property.type === 'Literal') return `${object}[${property['raw']}]`
      const index = property.type === 'Identifier' ? property['name'] : '(intermediate value)'
      return `${object}[${index}]`
    }
    case 'CallExpression':
      return render(node['callee']) + '(...)'
    case 'ChainExpression':
      return render(node['expression'])
    default:
      return '(intermediate value)'
  }
}
