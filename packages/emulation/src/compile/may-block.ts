// The one place that says whether a node may reach a blocking primitive by itself.
import type { Node } from './node.ts'

/** Whether a function needs a twin because of this node. */
export function needsTwin(node: Node): boolean {
  switch (node.type) {
    case 'CallExpression':
    case 'NewExpression':
    case 'TaggedTemplateExpression':
    case 'ForOfStatement':
    case 'SpreadElement':
      return true
    case 'YieldExpression':
      return node['delegate']
    default:
      return false
  }
}

/** Whether a twin may be suspended at this node. */
export function canBlock(node: Node): boolean {
  return needsTwin(node) || node.type === 'AwaitExpression' || node.type === 'YieldExpression'
}
