// Calls in the body of a twin: what may be suspended is called through the runtime, and the twin yields when it was.
import { isBind } from './features.ts'
import { importsByText, makesError } from './may-block.ts'
import { calleeName } from './names.ts'
import type { Node } from './node.ts'
import { taken } from './patterns.ts'
import type { Body, Handler, Printer } from './printer.ts'
import { callPosition } from './positions.ts'
import { join, mark, slice, text, type Text } from './text.ts'

/** The value of a call that may be suspended: `((r=CALL)===S?yield PLACE:r)`. */
export function waited(call: Text, printer: Printer, at: number): Text {
  const result = printer.prefix + 'r'
  return text`${mark('(', at)}(${result}=${call})===${printer.helper('S')}${mark('?', at)}yield${printer.site(at)}:${result})`
}

export const callHandlers: Readonly<Record<string, Handler>> = {
  CallExpression(node, body, printer) {
    const callee: Node = node['callee']
    if (importsByText(node)) return printer.generic(node, body)
    if (!body.green || callee.type === 'Import') return plainCall(node, body, printer)
    if (callee.type === 'Super') return superCall(node, body, printer)
    const target = targetOf(callee, body, printer)
    const args = printArguments(node['arguments'], body, printer)
    const at = callPosition(node, printer.source)
    const call = callOf(callee, target, args, printer, at)
    printer.release(body, target.temporaries)
    return waited(call, printer, at)
  },

  NewExpression(node, body, printer) {
    if (importsByText(node)) return printer.generic(node, body)
    if (!body.green) {
      return makesFunction(node, printer)
        ? plainFunction(node, body, printer)
        : printer.generic(node, body)
    }
    if (makesError(node, () => printer.analysis.references.has(node['callee']))) {
      return printer.generic(node, body)
    }
    const callee = printer.operand(node['callee'], body)
    const args = printArguments(node['arguments'], body, printer)
    const name = JSON.stringify(calleeName(node['callee']))
    const construct = mark(printer.helper('n'), node.start)
    return waited(text`${construct}(${join([name, callee, ...args], ',')})`, printer, node.start)
  },

  TaggedTemplateExpression(node, body, printer) {
    if (!body.green) {
      const tag: Node = node['tag']
      const printed = printer.print(tag, body)
      if (tag.type !== 'Identifier' || typeof printed !== 'string')
        return printer.generic(node, body)
      return text`(0,${printed})${printer.print(node['quasi'], body)}`
    }
    const target = targetOf(node['tag'], body, printer)
    const quasi = printer.print(node['quasi'], body)
    const at = callPosition(node, printer.source)
    const call = callOf(node['tag'], target, [text`...${printer.helper('q')}${quasi}`], printer, at)
    printer.release(body, target.temporaries)
    return waited(call, printer, at)
  },

  SpreadElement(node, body, printer) {
    const value = printer.operand(node['argument'], body)
    const parent = printer.analysis.parents.get(node)!
    if (!body.green || parent.type === 'ObjectExpression') return text`...${value}`
    const at = node['argument'].start
    return text`...${waited(text`${mark(printer.helper('sp'), at)}(${value})`, printer, at)}`
  },

  MemberExpression(node, body, printer) {
    if (node['object'].type !== 'Super' || body.home === null) return printer.generic(node, body)
    return text`${printer.helper('sg')}(${body.home},${propertyKey(node, body, printer)},${body.words.this})`
  },

  AssignmentExpression(node, body, printer) {
    const left: Node = node['left']
    if (body.green && left.type === 'ArrayPattern') return taking(node, body, printer)
    const isSuper = left.type === 'MemberExpression' && left['object'].type === 'Super'
    if (!isSuper || body.home === null) return printer.generic(node, body)
    const key = propertyKey(left, body, printer)
    const value = printer.operand(node['right'], body)
    const set = printer.helper('ss')
    const self = body.words.this
    if (node['operator'] === '=') return text`${set}(${body.home},${key},${self},${value})`
    const operator = node['operator'].slice(0, -1)
    const get = text`${printer.helper('sg')}(${body.home},${key},${self})`
    return text`${set}(${body.home},${key},${self},${get}${operator}(${value}))`
  },

  ChainExpression(node, body, printer) {
    if (!body.green) return printer.generic(node, body)
    const chain = new Chain(body, printer)
    const value = chain.walk(node['expression'])
    printer.release(body, chain.temporaries)
    return text`(${chain.guards('void 0')}${value})`
  },

  UnaryExpression(node, body, printer) {
    const argument: Node = node['argument']
    if (node['operator'] !== 'delete' || argument.type !== 'ChainExpression' || !body.green) {
      return printer.generic(node, body)
    }
    const chain = new Chain(body, printer)
    const value = chain.walk(argument['expression'])
    printer.release(body, chain.temporaries)
    return text`(${chain.guards('true')}delete ${value})`
  },
}

/** What is called: its text, the receiver, and how many temporaries hold them. */
interface Target {
  readonly callee: Text
  readonly receiver: Text
  readonly temporaries: number
}

function callOf(
  callee: Node,
  target: Target,
  args: readonly Text[],
  printer: Printer,
  at: number,
): Text {
  const name = JSON.stringify(calleeName(callee))
  return text`${mark(printer.helper('c'), at)}(${join([name, target.receiver, target.callee, ...args], ',')})`
}

function targetOf(callee: Node, body: Body, printer: Printer): Target {
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

function propertyKey(member: Node, body: Body, printer: Printer): Text {
  if (member['computed']) return printer.operand(member['property'], body)
  return JSON.stringify(member['property'].name)
}

export function printArguments(args: readonly Node[], body: Body, printer: Printer): Text[] {
  return args.map((argument) => printer.operand(argument, body))
}

/** An assignment to an array pattern; it gives what was taken apart. */
function taking(node: Node, body: Body, printer: Printer): Text {
  const whole = printer.operand(node['right'], body)
  const held = printer.temporary(body)
  const call = taken(node['left'], held, node['right'], printer)
  const pattern = printer.print(node['left'], body)
  printer.release(body, 1)
  if (call === null) return text`${pattern}=${whole}`
  return text`(${held}=${whole},${pattern}=${waited(call, printer, node['left'].start)},${held})`
}

function superCall(node: Node, body: Body, printer: Printer): Text {
  const args = join(printArguments(node['arguments'], body, printer), ',')
  const { prefix } = printer
  const at = node['callee'].start
  const construct = mark(printer.helper('sc'), at)
  const call = text`${construct}(${body.derived!},${prefix}nt,[${args}])`
  return text`(${prefix}self=${printer.helper('once')}(${waited(call, printer, at)},${prefix}self))`
}

/** `Function(…)` or `new Function(…)`: what it makes may be called by green code. */
function makesFunction(node: Node, printer: Printer): boolean {
  const callee: Node = node['callee']
  return (
    callee.type === 'Identifier' &&
    callee['name'] === 'Function' &&
    !printer.analysis.references.has(callee) &&
    !node['optional']
  )
}

function plainFunction(node: Node, body: Body, printer: Printer): Text {
  const args = join(printArguments(node['arguments'], body, printer), ',')
  return text`${printer.helper('fn')}(${args})`
}

/** A call in plain code. Only `bind` is changed: the bound function must have a twin. */
function plainCall(node: Node, body: Body, printer: Printer): Text {
  const callee: Node = node['callee']
  if (callee.type === 'Identifier' && !node['optional']) {
    const printed = printer.print(callee, body)
    if (typeof printed === 'string' && printed.includes('.')) {
      // A field of an environment must not become the receiver.
      const args = join(printArguments(node['arguments'], body, printer), ',')
      return text`(0,${printed})(${args})`
    }
  }
  if (makesFunction(node, printer) && !body.green) return plainFunction(node, body, printer)
  if (body.green || !isBind(node)) return printer.generic(node, body)
  const target = printer.operand(node['callee'].object, body)
  const args = node['arguments'].map((argument: Node) => printer.operand(argument, body))
  return text`${printer.helper('bd')}(${join([target, ...args], ',')})`
}

/** An optional chain: guards `(t=object)==null?void 0:` in front, then what is read or called at its end. */
class Chain {
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
