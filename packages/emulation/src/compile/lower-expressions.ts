// Expressions of a plain twin: calls are taken out, in order, and what is evaluated before a call and used after it goes to a
// temporary. What contains no call is printed as it stands.
import type { Item } from './ir.ts'
import { CallLowering } from './lower-calls.ts'
import { LiteralLowering } from './lower-literals.ts'
import type { Lowering, Value } from './lowering.ts'
import type { Node } from './node.ts'
import { operatorPosition } from './positions.ts'
import { mark, slice, text, type Mark, type Text } from './text.ts'

type Later = readonly (Node | null | undefined)[]

export class ExpressionLowering {
  readonly low: Lowering
  readonly calls: CallLowering
  readonly literals: LiteralLowering

  constructor(low: Lowering) {
    this.low = low
    this.calls = new CallLowering(low, (node, out, later) => this.value(node, out, later))
    this.literals = new LiteralLowering(this)
  }

  /** A value as text that is used once; `later` is evaluated between now and its use. */
  value(node: Node, out: Item[], later: Later = []): Value {
    const { low } = this
    const isUsedLater = later.some((one) => low.blocks(one))
    if (!low.blocks(node)) {
      const value: Value = { text: low.print(node), held: null }
      return !isUsedLater || low.isStable(node, later) ? value : low.hold(value, out)
    }
    const value = this.lower(node, out)
    return isUsedLater ? low.hold(value, out) : value
  }

  lower(node: Node, out: Item[]): Value {
    const { calls } = this
    switch (node.type) {
      case 'CallExpression':
        return calls.call(node, out)
      case 'NewExpression':
        return calls.new(node, out)
      case 'TaggedTemplateExpression':
        return calls.tagged(node, out)
      case 'ChainExpression':
        return calls.chains.lower(node, out)
      case 'SequenceExpression':
        return this.sequence(node, out)
      case 'ConditionalExpression':
        return this.conditional(node, out)
      case 'LogicalExpression':
        return this.logical(node, out)
      case 'AssignmentExpression':
        return this.assignment(node, out)
      case 'BinaryExpression': {
        if (node['left'].type === 'PrivateIdentifier') {
          return loose(text`(${slice(node['left'])} in ${this.value(node['right'], out).text})`)
        }
        const left = this.value(node['left'], out, [node['right']])
        const right = this.value(node['right'], out)
        return loose(text`(${left.text} ${this.operator(node)} ${right.text})`)
      }
      case 'UnaryExpression':
        return this.unary(node, out)
      case 'UpdateExpression': {
        const place = this.member(node['argument'], out, [])
        const { operator, prefix } = node as unknown as { operator: string; prefix: boolean }
        return loose(prefix ? text`(${operator}${place})` : text`(${place}${operator})`)
      }
      case 'MemberExpression':
        return loose(this.member(node, out, []))
      case 'TemplateLiteral':
        return this.literals.template(node, out)
      case 'ArrayExpression':
        return loose(text`[${this.literals.elements(node['elements'], out)}]`)
      case 'ObjectExpression':
        return this.literals.object(node, out)
      default:
        throw new Error(`No lowering of ${node.type}`)
    }
  }

  operator(node: Node): Mark {
    return mark(node['operator'], operatorPosition(node, this.low.printer.source))
  }

  sequence(node: Node, out: Item[]): Value {
    const { low } = this
    const all: readonly Node[] = node['expressions']
    for (const one of all.slice(0, -1)) {
      const before = low.depth
      this.effect(one, out)
      low.depth = before
    }
    return this.value(all.at(-1)!, out)
  }

  /** Evaluates an expression for what it does. */
  effect(node: Node, out: Item[]): void {
    const value = this.value(node, out)
    if (value.held === null) this.low.code(out, text`${value.text};`)
  }

  conditional(node: Node, out: Item[]): Value {
    const { low } = this
    const before = low.depth
    const test = this.value(node['test'], out)
    low.depth = before
    const into = low.temporary()
    const branch = (one: Node): Item[] => {
      const items: Item[] = []
      low.assign(into, this.value(one, items), items)
      low.depth = before + 1
      return items
    }
    const yes = branch(node['consequent'])
    const no = branch(node['alternate'])
    out.push({ kind: 'if', test: test.text, yes, no })
    return { text: into, held: into }
  }

  logical(node: Node, out: Item[]): Value {
    const { low } = this
    const before = low.depth
    const left = this.value(node['left'], out)
    low.depth = before
    const into = low.temporary()
    low.assign(into, left, out)
    const items: Item[] = []
    low.assign(into, this.value(node['right'], items), items)
    low.depth = before + 1
    out.push({ kind: 'if', test: goesOn(node['operator'], into), yes: items, no: null })
    return { text: into, held: into }
  }

  assignment(node: Node, out: Item[]): Value {
    const { low } = this
    const left: Node = node['left']
    const right: Node = node['right']
    const operator: string = node['operator']
    if (/^(?:\|\||&&|\?\?)=$/.test(operator)) return this.logicalAssignment(node, out)
    if (left.type === 'Identifier') {
      const place = low.printer.print(left, low.body)
      if (operator === '=') return loose(text`(${place}=${this.value(right, out).text})`)
      const old = this.value(left, out, [right])
      return loose(text`(${place}=${old.text} ${changing(node)} ${this.value(right, out).text})`)
    }
    if (left.type === 'MemberExpression') {
      if (operator === '=') {
        const place = this.member(left, out, [right])
        return loose(text`(${place}=${this.value(right, out).text})`)
      }
      const place = this.place(left, out)
      const old = low.temporary()
      low.code(out, text`${old}=${place};`)
      return loose(text`(${place}=${old} ${changing(node)} ${this.value(right, out).text})`)
    }
    const held = low.hold(this.value(right, out), out)
    const before = low.depth
    const value = low.take(left, held.text, right, out)
    low.code(out, text`(${low.printer.print(left, low.body)}=${value});`)
    low.depth = before
    return held
  }

  logicalAssignment(node: Node, out: Item[]): Value {
    const { low } = this
    const left: Node = node['left']
    const place =
      left.type === 'Identifier' ? low.printer.print(left, low.body) : this.place(left, out)
    const into = low.temporary()
    low.code(out, text`${into}=${place};`)
    const items: Item[] = []
    const right = this.value(node['right'], items)
    low.code(items, text`${into}=${place}=${right.text};`)
    const test = goesOn(node['operator'].slice(0, -1), into)
    out.push({ kind: 'if', test, yes: items, no: null })
    return { text: into, held: into }
  }

  unary(node: Node, out: Item[]): Value {
    const argument: Node = node['argument']
    const { operator } = node as unknown as { operator: string }
    if (operator === 'delete') {
      if (argument.type === 'ChainExpression') return this.calls.chains.lower(argument, out, true)
      if (argument.type === 'MemberExpression') {
        return { text: text`(delete ${this.member(argument, out, [])})`, held: null }
      }
    }
    return { text: text`(${operator} ${this.value(argument, out).text})`, held: null }
  }

  /** A member as a place: its object and key are safe while `later` is evaluated. */
  member(node: Node, out: Item[], later: Later): Text {
    const { low } = this
    const object: Node = node['object']
    if (object.type === 'Super') return low.printer.print(node, low.body)
    const key: Node | null = node['computed'] ? node['property'] : null
    const base = this.value(object, out, [key, ...later])
    const text_ = base.held ?? (low.blocks(object) ? ['(', base.text, ')'] : base.text)
    if (key === null) return [text_, '.', slice(node['property'])]
    return text`${text_}[${this.value(key, out, later).text}]`
  }

  /** A member that is read and written: its object and key are evaluated once. */
  place(node: Node, out: Item[]): Text {
    const { low } = this
    const object: Node = node['object']
    const key: Node | null = node['computed'] ? node['property'] : null
    const isFixed = object.type === 'ThisExpression' || object.type === 'Super'
    const base = isFixed ? low.print(object) : low.hold(this.value(object, out, [key]), out).text
    if (key === null) return [base, '.', slice(node['property'])]
    if (key.type === 'Literal') return text`${base}[${slice(key)}]`
    const held = low.temporary()
    low.code(out, text`${held}=${low.helper('ky')}(${this.value(key, out).text});`)
    return text`${base}[${held}]`
  }
}

/** The operator of `+=` and its like, which for V8 stands at the right operand. */
function changing(node: Node): Mark {
  return mark(node['operator'].slice(0, -1), node['right'].start)
}

/** Whether the right side of a logical operator is evaluated. */
function goesOn(operator: string, left: string): string {
  return operator === '&&' ? left : operator === '||' ? '!' + left : left + '==null'
}

function loose(whole: Text): Value {
  return { text: whole, held: null }
}
