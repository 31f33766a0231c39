// What a call calls, in the body of a twin that is a generator: the callee and its receiver, each evaluated once.
import { calleeName } from './names.ts'
import type { Node } from './node.ts'
import { callPosition } from './positions.ts'
import type { Body, Printer } from './printer.ts'
import { join, mark, slice, text, type Text } from './text.ts'

/** The value of a call that may be suspended: `((r=CALL)===S?yield PLACE:r)`. */
export function waited(call: Text, printer: Printer, at: number): Text {
  const result = printer.prefix + 'r'
  return text`${mark('(', at)}(${result}=${call})===${printer.helper('S')}${mark('?', at)}yield${printer.site(at)}:${result})`
}

/** What is called: its text, the receiver, and how many temporaries hold them. */
interface Target {
  readonly callee: Text
  readonly receiver: Text
  readonly temporaries: number
}

export function callOf(
  callee: Node,
  target: Target,
  args: readonly Text[],
  printer: Printer,
  at: number,
): Text {
  const name = JSON.stringify(calleeName(callee))
  return text`${mark(printer.helper('c'), at)}(${join([name, target.receiver, target.callee, ...args], ',')})`
}

export function targetOf(callee: Node, body: Body, printer: Printer): Target {
  if (callee.type === 'MemberExpression') {
    const object: Node = callee['object']
    if (object.type === 'Super') {
      const found = printer.print(callee, body)
      return { callee: found, receiver: body.words.this, temporaries: 0 }
    }
    if (isSimple(object) && !callee['computed']) {
      const receiver = printer.print(object, body)
      return { callee: [receiver, access(callee, body, printer)], receiver, temporaries: 0 }
    }
    const value = printer.operand(object, body)
    const held = printer.temporary(body)
    const found = [held, access(callee, body, printer)]
    return { callee: found, receiver: text`${held}=${value}`, temporaries: 1 }
  }
  if (callee.type === 'ChainExpression') {
    const chain = new Chain(body, printer)
    const target = chain.target(callee['expression'])
    const held = printer.temporary(body)
    const receiver = printer.temporary(body)
    const value = text`${chain.guards('void 0')}(${receiver}=${target.receiver},${target.callee})`
    return {
      callee: held,
      receiver: text`(${receiver}=void 0,${held}=${value},${receiver})`,
      temporaries: chain.temporaries + 2,
    }
  }
  return { callee: printer.operand(callee, body), receiver: 'void 0', temporaries: 0 }
}

/** Whether an expression can be written twice. */
function isSimple(node: Node): boolean {
  return node.type === 'ThisExpression' || node.type === 'Identifier'
}

/** `.name`, `.#name` or `[key]`. */
function access(member: Node, body: Body, printer: Printer): Text {
  const property: Node = member['property']
  if (!member['computed']) return ['.', slice(property)]
  return text`[${printer.print(property, body)}]`
}

export function printArguments(args: readonly Node[], body: Body, printer: Printer): Text[] {
  return args.map((argument) => printer.operand(argument, body))
}

/** An optional chain: guards `(t=object)==null?void 0:` in front, then what is read or called at its end. */
export class Chain {
  readonly body: Body
  readonly printer: Printer
  readonly before: Text[] = []
  temporaries = 0

  constructor(body: Body, printer: Printer) {
    this.body = body
    this.printer = printer
  }

  guards(otherwise: string): Text {
    return this.before.map((held) => text`(${held})==null?${otherwise}:`)
  }

  temporary(): string {
    this.temporaries++
    return this.printer.temporary(this.body)
  }

  guard(value: Text): string {
    const held = this.temporary()
    this.before.push(text`${held}=${value}`)
    return held
  }

  walk(node: Node): Text {
    if (node.type === 'MemberExpression' && node['object'].type !== 'Super') {
      const object = this.walk(node['object'])
      const held = node['optional'] ? this.guard(object) : object
      return [held, access(node, this.body, this.printer)]
    }
    if (node.type !== 'CallExpression') return this.base(node)
    let target = this.target(node['callee'])
    if (node['optional']) target = this.guardCallee(target)
    const args = printArguments(node['arguments'], this.body, this.printer)
    const at = callPosition(node, this.printer.source)
    return waited(callOf(node['callee'], target, args, this.printer, at), this.printer, at)
  }

  /** What a call in the chain calls. */
  target(callee: Node): Target {
    if (callee.type !== 'MemberExpression' || callee['object'].type === 'Super') {
      if (callee.type === 'MemberExpression') return targetOf(callee, this.body, this.printer)
      return { callee: this.walk(callee), receiver: 'void 0', temporaries: 0 }
    }
    const object = this.walk(callee['object'])
    const at = access(callee, this.body, this.printer)
    if (callee['optional']) {
      const held = this.guard(object)
      return { callee: [held, at], receiver: held, temporaries: 0 }
    }
    const held = this.temporary()
    return { callee: [held, at], receiver: text`${held}=${object}`, temporaries: 0 }
  }

  guardCallee(target: Target): Target {
    const receiver = this.temporary()
    const callee = this.temporary()
    this.before.push(text`(${receiver}=${target.receiver},${callee}=${target.callee})`)
    return { callee, receiver, temporaries: 0 }
  }

  base(node: Node): Text {
    return isSimple(node)
      ? this.printer.print(node, this.body)
      : ['(', this.printer.print(node, this.body), ')']
  }
}
