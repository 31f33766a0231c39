// Optional chains in the body of a plain twin.
import type { Item } from './ir.ts'
import type { CallLowering } from './lower-calls.ts'
import type { Value } from './lowering.ts'
import type { Node } from './node.ts'
import { text, type Text } from './text.ts'

export class ChainLowering {
  readonly calls: CallLowering

  constructor(calls: CallLowering) {
    this.calls = calls
  }

  /** An optional chain: where it ends early, its label is left. */
  lower(node: Node, out: Item[], isDelete = false): Value {
    const { low } = this.calls
    const into = low.temporary()
    const inner: Item[] = []
    const label = low.label()
    const value = this.link(node['expression'], inner, label)
    low.code(inner, text`${into}=${isDelete ? 'delete ' : ''}${value};`)
    low.code(out, text`${into}=${isDelete ? 'true' : 'void 0'};`)
    out.push({ kind: 'label', name: label, body: inner })
    low.depth = Number(into.slice(low.printer.prefix.length + 1)) + 1
    return { text: into, held: into }
  }

  /** `(a?.b)(…)`: the receiver is kept through the parentheses. */
  parenthesized(node: Node, out: Item[]): Value {
    const { low } = this.calls
    const before = low.depth
    const self = low.temporary()
    const fn = low.temporary()
    const inner: Item[] = []
    const label = low.label()
    const target = this.target(node['callee'].expression, inner, label)
    low.code(inner, text`${self}=${target.self ?? 'void 0'};${fn}=${target.fn};`)
    low.code(out, text`${self}=${fn}=void 0;`)
    out.push({ kind: 'label', name: label, body: inner })
    const args = this.calls.args(node['arguments'], out)
    low.depth = before
    const call = this.calls.dispatch.call(node['callee'], fn, self, args, node)
    return low.call(out, low.temporary(), call, low.position(node))
  }

  link(node: Node, out: Item[], label: string): Text {
    const { low } = this.calls
    if (node.type === 'MemberExpression') {
      let object = this.link(node['object'], out, label)
      if (node['optional']) object = this.leaveIfNull(object, out, label)
      else if (low.blocks(node['computed'] ? node['property'] : null))
        object = this.store(object, out)
      return [object, this.calls.access(node, out, [])]
    }
    if (node.type !== 'CallExpression') {
      const value = this.calls.value(node, out)
      return (
        value.held ??
        (node.type === 'Identifier' || node.type === 'ThisExpression'
          ? value.text
          : ['(', value.text, ')'])
      )
    }
    const { self, fn } = this.target(node['callee'], out, label)
    const held = node['optional'] ? this.leaveIfNull(fn, out, label) : this.store(fn, out)
    const args = this.calls.args(node['arguments'], out)
    const call = this.calls.dispatch.call(node['callee'], held, self, args, node)
    return low.call(out, low.temporary(), call, low.position(node)).text
  }

  target(callee: Node, out: Item[], label: string): { self: string | null; fn: Text } {
    if (callee.type !== 'MemberExpression') return { self: null, fn: this.link(callee, out, label) }
    const object = this.link(callee['object'], out, label)
    const self = callee['optional'] ? this.leaveIfNull(object, out, label) : this.store(object, out)
    return { self, fn: [self, this.calls.access(callee, out, [])] }
  }

  store(value: Text, out: Item[]): string {
    const held = this.calls.low.temporary()
    this.calls.low.code(out, text`${held}=${value};`)
    return held
  }

  leaveIfNull(value: Text, out: Item[], label: string): string {
    const held = this.store(value, out)
    this.calls.low.code(out, text`if(${held}==null)break ${label};`)
    return held
  }
}
