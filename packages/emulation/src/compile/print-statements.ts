// Statements in a body that is copied from the source: lists with their hoisted functions, and the loops over iterators.
import { isFunction, type Node } from './node.ts'
import { taken } from './patterns.ts'
import type { Body, Handler, Printer } from './printer.ts'
import { awaitsReturn } from './may-block.ts'
import { waited } from './print-targets.ts'
import { printDeclaration } from './print-functions.ts'
import { stepPosition } from './positions.ts'
import { isSlice, mark, slice, text, type Text } from './text.ts'

export const statementHandlers: Readonly<Record<string, Handler>> = {
  BlockStatement(node, body, printer) {
    return text`{${printList(node['body'], node.start + 1, node.end - 1, body, printer)}}`
  },

  SwitchStatement(node, body, printer) {
    const functions = node['cases'].flatMap((one: Node) => one['consequent'].filter(isFunction))
    const attached: Text[] = []
    const printed = new Map<Node, Text>()
    for (const declaration of functions) {
      const { declared, attach } = printDeclaration(declaration, body, printer)
      printed.set(declaration, declared)
      attached.push(attach)
    }
    const cases = node['cases'].map((one: Node) => [
      one['test'] === null ? 'default:' : text`case ${printer.operand(one['test'], body)}:`,
      attached,
      one['consequent'].map((statement: Node) => [
        printed.get(statement) ?? printStatement(statement, body, printer),
        '\n',
      ]),
    ])
    return text`switch(${printer.print(node['discriminant'], body)}){${cases}}`
  },

  LabeledStatement(node, body, printer) {
    const labels: Node[] = []
    let at = node
    while (at.type === 'LabeledStatement') {
      labels.push(at['label'])
      at = at['body']
    }
    if (at.type !== 'ForOfStatement' || !body.green) return printer.generic(node, body)
    return printForOf(
      at,
      labels.map((label) => [slice(label), ':']),
      body,
      printer,
    )
  },

  ForOfStatement(node, body, printer) {
    return body.green ? printForOf(node, '', body, printer) : printer.generic(node, body)
  },

  VariableDeclarator(node, body, printer) {
    if (!body.green || node['init'] === null) return printer.generic(node, body)
    const value = printer.operand(node['init'], body)
    const call = taken(node['id'], value, node['init'], printer)
    if (call === null) return printer.generic(node, body)
    return text`${printer.print(node['id'], body)}=${waited(call, printer, node['id'].start)}`
  },

  ReturnStatement(node, body, printer) {
    if (body.green && awaitsReturn(node, body.facts)) {
      const value = printer.operand(node['argument'], body)
      return text`return ${awaited(value, printer, node['argument'].start)}`
    }
    const isOwn = body.derived !== null && body.facts.role === 'derived constructor'
    if (!isOwn) return printer.generic(node, body)
    const value = node['argument'] === null ? 'void 0' : printer.operand(node['argument'], body)
    return text`return ${printer.helper('rt')}(${value},${printer.prefix}self);`
  },

  YieldExpression(node, body, printer) {
    if (!body.green) return printer.generic(node, body)
    const isAsync: boolean = body.facts.node['async']
    let value: Text = node['argument'] === null ? '' : printer.operand(node['argument'], body)
    if (node['delegate']) {
      const at = node['argument'].start
      const helper = mark(printer.helper(isAsync ? 'yda' : 'yd'), at)
      return text`(yield*${helper}(${value},${printer.site(at)}))`
    }
    if (isAsync) value = awaited(value, printer, node['argument']?.start ?? node.start)
    return text`(yield ${printer.helper('y')}(${value}))`
  },

  AwaitExpression(node, body, printer) {
    if (!body.green) return printer.generic(node, body)
    return awaited(printer.operand(node['argument'], body), printer, node.start)
  },
}

function awaited(value: Text, printer: Printer, at: number): Text {
  return text`(yield ${printer.helper('w')}(${value},${printer.site(at, true)}))`
}

/** The statements of a list, from `start` to `end` in the source, after what its functions need. */
export function printList(
  statements: readonly Node[],
  start: number,
  end: number,
  body: Body,
  printer: Printer,
): Text {
  const attached: Text[] = []
  const parts: Text[] = []
  let at = start
  for (const statement of statements) {
    parts.push({ start: at, end: statement.start })
    if (statement.type === 'FunctionDeclaration') {
      const { declared, attach } = printDeclaration(statement, body, printer)
      parts.push(declared)
      attached.push(attach)
    } else if (isExportedFunction(statement)) {
      const { declared, attach } = printDeclaration(statement['declaration'], body, printer)
      parts.push({ start: statement.start, end: statement['declaration'].start }, declared)
      attached.push(attach)
    } else parts.push(printStatement(statement, body, printer))
    at = statement.end
  }
  parts.push({ start: at, end })
  return [attached, parts]
}

function isExportedFunction(statement: Node): boolean {
  return (
    /^Export(Named|Default)Declaration$/.test(statement.type) &&
    statement['declaration']?.type === 'FunctionDeclaration' &&
    statement['declaration'].id !== null
  )
}

/** What begins with a name in the source may begin with a parenthesis in the output. */
function printStatement(statement: Node, body: Body, printer: Printer): Text {
  const printed = printer.print(statement, body)
  const rewritten = statement.type === 'ExpressionStatement' && !isSlice(printed)
  return rewritten ? [';', printed] : printed
}

/**
 * A loop over an iterator whose steps may be suspended. A jump out of the body closes the iterator; what the iterator itself
 * throws, or its end, does not.
 */
function printForOf(node: Node, labels: Text, body: Body, printer: Printer): Text {
  const handle = printer.name('h')
  const error = printer.name('e')
  const { left } = node as unknown as { left: Node }
  const make = node['await'] ? 'ai' : 'it'
  const from = node['right'].start
  const at = stepPosition(node)
  const method = (name: string): Text => text`${handle}.${mark(name, at)}()`
  const right = waited(
    text`${mark(printer.helper(make), from)}(${printer.operand(node['right'], body)})`,
    printer,
    from,
  )
  const step = node['await']
    ? text`${handle}.take(${awaited(waited(method('next'), printer, at), printer, at)})`
    : waited(method('step'), printer, at)
  const isDeclared = left.type === 'VariableDeclaration'
  const pattern: Node = isDeclared ? left['declarations'][0].id : left
  const call = taken(pattern, `${handle}.value`, null, printer)
  const value = call === null ? `${handle}.value` : waited(call, printer, at)
  const bound = text`${printer.print(pattern, body)}=${value}`
  const bind = isDeclared ? text`${left['kind']} ${bound};` : text`(${bound});`
  const inner = printer.print(node['body'], body)
  const close = waited(method('close'), printer, at)
  const end = node['await']
    ? text`if(${handle}.open&&${handle}.closes())${handle}.closed(${awaited(close, printer, at)})`
    : text`if(${handle}.open)${close}`
  return text`{const ${handle}=${right};try{${labels}for(;${step};){${bind}${inner}}}catch(${error}){${handle}.failed();throw ${error}}finally{${end}}}`
}
