// Templates, arrays and objects of a plain twin whose parts contain calls.
import type { Item } from './ir.ts'
import type { ExpressionLowering } from './lower-expressions.ts'
import type { Value } from './lowering.ts'
import { isFunction, type Node } from './node.ts'
import { slice, text, type Text } from './text.ts'

export class LiteralLowering {
  readonly expressions: ExpressionLowering

  constructor(expressions: ExpressionLowering) {
    this.expressions = expressions
  }

  template(node: Node, out: Item[]): Value {
    const { low } = this.expressions
    const parts: Text[] = ['`', slice(node['quasis'][0])]
    const all: readonly Node[] = node['expressions']
    all.forEach((one, index) => {
      const later = all.slice(index + 1)
      let value = this.expressions.value(one, out)
      if (later.some((other) => low.blocks(other))) {
        // Each is made a string before the next is evaluated.
        const held = low.temporary()
        low.code(out, text`${held}=\`\${${value.text}}\`;`)
        value = { text: held, held }
      }
      parts.push('${', value.text, '}', slice(node['quasis'][index + 1]))
    })
    parts.push('`')
    return { text: parts, held: null }
  }

  elements(nodes: readonly (Node | null)[], out: Item[]): Text {
    return nodes.map((node, index) => {
      // The comma behind a hole at the end counts.
      const comma = index < nodes.length - 1 || node === null ? ',' : ''
      if (node === null) return comma
      const later = nodes.slice(index + 1)
      if (node.type === 'SpreadElement')
        return [this.expressions.calls.spread(node, out, later), comma]
      return [this.expressions.value(node, out, later).text, comma]
    })
  }

  object(node: Node, out: Item[]): Value {
    const { low } = this.expressions
    const all: readonly Node[] = node['properties']
    const parts = all.map((property, index): Text => {
      const later = all.slice(index + 1)
      const isUsedLater = later.some((one) => low.blocks(one))
      if (property.type === 'SpreadElement') {
        const value = this.expressions.value(property['argument'], out)
        if (!isUsedLater) return text`...${value.text}`
        const held = low.temporary()
        low.code(out, text`${held}={...${value.text}};`)
        return ['...', held]
      }
      if (!low.blocks(property) && (isFunction(property['value']) || !isUsedLater)) {
        return low.printer.print(property, low.body)
      }
      const key = this.key(property, out, later)
      return text`${key}:${this.expressions.value(property['value'], out, later).text}`
    })
    return { text: text`({${parts.map((part) => [part, ','])}})`, held: null }
  }

  key(property: Node, out: Item[], later: readonly Node[]): Text {
    const { low } = this.expressions
    if (!property['computed']) return slice(property['key'])
    const value = this.expressions.value(property['key'], out)
    if (![property['value'], ...later].some((one) => low.blocks(one))) return text`[${value.text}]`
    const held = low.temporary()
    low.code(out, text`${held}=${low.helper('ky')}(${value.text});`)
    return text`[${held}]`
  }
}
