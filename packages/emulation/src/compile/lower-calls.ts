// Calls in the body of a plain twin. A known function with a twin is called by it directly.
import { Dispatch } from './dispatch.ts'
import type { Item } from './ir.ts'
import { ChainLowering } from './lower-chains.ts'
import type { Lowering, Value } from './lowering.ts'
import { makesError } from './may-block.ts'
import { calleeName } from './names.ts'
import type { Node } from './node.ts'
import { join, mark, slice, text, type Text } from './text.ts'

/** Lowers an operand; `later` is what is evaluated before its use. */
export type ValueOf = (
  node: Node,
  out: Item[],
  later?: readonly (Node | null | undefined)[],
) => Value

export class CallLowering {
  readonly low: Lowering
  readonly value: ValueOf
  readonly dispatch: Dispatch
  readonly chains: ChainLowering

  constructor(low: Lowering, value: ValueOf) {
    this.low = low
    this.value = value
    this.dispatch = new Dispatch(low)
    this.chains = new ChainLowering(this)
  }

  call(node: Node, out: Item[]): Value {
    const { low } = this
    const callee: Node = node['callee']
    const before = low.depth
    const at = low.position(node)
    const known = this.knownFunction(callee)
    if (known !== null) {
      const direct = low.printer.twinNames.get(known.node)
      if (!known.mayBlock || direct !== undefined) {
        const args = join(this.args(node['arguments'], out), ',')
        if (direct === undefined) {
          return { text: this.plainCall(callee, args), held: null }
        }
        low.depth = before
        return low.call(out, low.temporary(), text`${mark(direct, at)}(${args})`, at)
      }
    }
    if (callee.type === 'ChainExpression') return this.chains.parenthesized(node, out)
    if (this.isPlainCall(node)) return this.callOfCall(node, out)
    if (callee.type === 'MemberExpression') return this.method(node, out)
    const argsBlock = node['arguments'].some((one: Node) => low.blocks(one))
    let target = this.value(callee, out, node['arguments'])
    if (argsBlock) target = this.holdUnlessStable(callee, target, node['arguments'], out)
    const args = this.args(node['arguments'], out)
    low.depth = before
    return low.call(
      out,
      low.temporary(),
      this.dispatch.call(callee, target.text, null, args, node),
      at,
    )
  }

  /** `fn.call(self, …)`, so common that it does not go through the twin of `call`. */
  isPlainCall(node: Node): boolean {
    const callee: Node = node['callee']
    return (
      callee.type === 'MemberExpression' &&
      !callee['computed'] &&
      callee['property'].name === 'call' &&
      callee['object'].type !== 'Super' &&
      node['arguments'].length > 0 &&
      !node['arguments'].some(
        (one: Node) => one.type === 'SpreadElement' || this.low.blocks(one),
      ) &&
      this.dispatch.isShort(node)
    )
  }

  callOfCall(node: Node, out: Item[]): Value {
    const { low } = this
    const callee: Node = node['callee']
    const before = low.depth
    const value = this.value(callee['object'], out, node['arguments'])
    const fn = low.hold(value, out).text
    const args = this.args(node['arguments'], out)
    low.depth = before
    const call = this.dispatch.callOfCall(callee, fn, args, low.position(node))
    return low.call(out, low.temporary(), call, low.position(node))
  }

  /** A temporary for a callee, unless the arguments cannot change it. */
  holdUnlessStable(node: Node, value: Value, later: readonly Node[], out: Item[]): Value {
    return this.low.isStable(node, later) ? value : this.low.hold(value, out)
  }

  knownFunction(callee: Node): { node: Node; mayBlock: boolean } | null {
    if (callee.type !== 'Identifier') return null
    const { analysis } = this.low.printer
    const variable = analysis.references.get(callee)
    if (variable === undefined || variable.kind !== 'function') return null
    if (variable.assigned > 0 || variable.functions.length !== 1 || variable.redeclared) return null
    const facts = analysis.facts.get(variable.functions[0]!)!
    if (facts.node['async'] || facts.node['generator']) return null
    return facts
  }

  plainCall(callee: Node, args: Text): Text {
    const printed = this.low.print(callee)
    return typeof printed === 'string' && printed.includes('.')
      ? text`(0,${printed})${mark('(', callee.start)}${args})`
      : text`${printed}(${args})`
  }

  /** `o.m(…)`, `super.m(…)`. */
  method(node: Node, out: Item[]): Value {
    const { low } = this
    const callee: Node = node['callee']
    const args: readonly Node[] = node['arguments']
    const before = low.depth
    const argsBlock = args.some((one) => low.blocks(one))
    let self: string
    let fn: Text
    if (callee['object'].type === 'Super') {
      self = low.body.words.this
      fn = low.printer.print(callee, low.body)
    } else {
      const key: Node | null = callee['computed'] ? callee['property'] : null
      const object = this.value(callee['object'], out, [key, ...args])
      const plain = this.plainReceiver(callee['object'], object, [key, ...args])
      let first: Text
      if (plain !== null) {
        self = plain
        first = plain
      } else {
        self = low.temporary()
        first = text`(${self}=${object.text})`
        if (low.blocks(key)) {
          low.code(out, text`${first};`)
          first = self
        }
      }
      fn = [first, this.access(callee, out, [])]
    }
    if (argsBlock) {
      const held = low.temporary()
      low.code(out, text`${held}=${fn};`)
      fn = held
    }
    const list = this.args(args, out)
    low.depth = before
    const call = this.dispatch.call(callee, fn, self, list, node)
    return low.call(out, low.temporary(), call, low.position(node))
  }

  /** A receiver that can be written twice. */
  plainReceiver(node: Node, value: Value, later: readonly (Node | null)[]): string | null {
    if (value.held !== null) return value.held
    if (node.type !== 'ThisExpression' && node.type !== 'Identifier') return null
    if (this.low.printer.early.has(node)) return null
    if (
      later.some((one) => one !== null && one.type !== 'Literal') &&
      !this.low.isStable(node, later)
    ) {
      // What comes between may assign it.
      if (later.some((one) => this.mayAssign(one))) return null
    }
    const printed = this.low.printer.print(node, this.low.body)
    if (typeof printed === 'string') return printed
    return node.type === 'ThisExpression' ? 'this' : (node['name'] as string)
  }

  mayAssign(node: Node | null): boolean {
    if (node === null) return false
    return !['Literal', 'Identifier', 'ThisExpression', 'MemberExpression'].includes(node.type)
  }

  /** `.name`, `.#name` or `[key]`, its key lowered. */
  access(member: Node, out: Item[], later: readonly (Node | null | undefined)[]): Text {
    const property: Node = member['property']
    if (!member['computed']) return ['.', slice(property)]
    return text`[${this.value(property, out, later).text}]`
  }

  args(nodes: readonly Node[], out: Item[]): Text[] {
    return nodes.map((node, index) => {
      const later = nodes.slice(index + 1)
      if (node.type !== 'SpreadElement') return this.value(node, out, later).text
      return this.spread(node, out, later)
    })
  }

  /** A spread argument or element. What comes later must not change what it has given. */
  spread(node: Node, out: Item[], later: readonly (Node | null)[]): Text {
    const { low } = this
    const value = this.value(node['argument'], out, [])
    const into = low.temporary()
    const at = node['argument'].start
    low.call(out, into, text`${mark(low.helper('sp'), at)}(${value.text})`, at)
    if (later.some((one) => low.blocks(one))) low.code(out, text`${into}=[...${into}];`)
    return ['...', into]
  }

  new(node: Node, out: Item[]): Value {
    const { low } = this
    const before = low.depth
    if (makesError(node, () => low.printer.analysis.references.has(node['callee']))) {
      const list = join(this.args(node['arguments'], out), ',')
      return {
        text: text`${mark('new', node.start)} ${slice(node['callee'])}(${list})`,
        held: null,
      }
    }
    const callee = this.value(node['callee'], out, node['arguments'])
    const args = this.args(node['arguments'], out)
    low.depth = before
    const name = JSON.stringify(calleeName(node['callee']))
    const at = node.start
    const construct = mark(low.helper('n'), at)
    const slow = text`${construct}(${join([name, low.printer.prefix + 'f', ...args], ',')})`
    const isPlain =
      this.dispatch.isShort(node) &&
      !node['arguments'].some((one: Node) => one.type === 'SpreadElement')
    const into = low.temporary()
    if (!isPlain) {
      const code = text`${construct}(${join([name, callee.text, ...args], ',')})`
      return low.call(out, into, code, at)
    }
    return low.call(out, into, this.dispatch.new(callee.text, join(args, ','), slow, at), at)
  }

  tagged(node: Node, out: Item[]): Value {
    const { low } = this
    const tag: Node = node['tag']
    const before = low.depth
    let self: Text = 'void 0'
    let fn: Text
    if (tag.type === 'MemberExpression' && tag['object'].type !== 'Super') {
      self = low.hold(this.value(tag['object'], out, [tag['property']]), out).text
      fn = [self, this.access(tag, out, [])]
    } else {
      if (tag.type === 'MemberExpression') self = low.body.words.this
      fn = this.value(tag, out).text
    }
    low.depth = before
    const name = JSON.stringify(calleeName(tag))
    const quasi = low.printer.print(node['quasi'], low.body)
    const at = low.position(node)
    const call = text`${mark(low.helper('c'), at)}(${name},${self},${fn},...${low.helper('q')}${quasi})`
    return low.call(out, low.temporary(), call, at)
  }
}
