// Statements of a plain twin. Loops, switches and try statements stay what they are, so that V8 sees them; only what suspends
// in a test, an update or a `finally` is moved into a body.
import type { Case, Item } from './ir.ts'
import { ExpressionLowering } from './lower-expressions.ts'
import { LoopLowering } from './lower-loops.ts'
import type { Completion, Jump, Lowering } from './lowering.ts'
import { isFunction, type Node } from './node.ts'
import { enterScope } from './plain-scopes.ts'
import { text, type Text } from './text.ts'

export class StatementLowering {
  readonly low: Lowering
  readonly expressions: ExpressionLowering
  readonly loops: LoopLowering
  /** The temporary that holds the error of the catch clause that is lowered. */
  caught = ''

  constructor(low: Lowering) {
    this.low = low
    this.expressions = new ExpressionLowering(low)
    this.loops = new LoopLowering(this)
  }

  all(nodes: readonly Node[]): Item[] {
    const out: Item[] = []
    for (const node of nodes) this.statement(node, out, [])
    return out
  }

  /** A block, or a single statement in its place. */
  block(node: Node): Item[] {
    const out: Item[] = []
    if (node.type !== 'BlockStatement') this.statement(node, out, [])
    else {
      this.enter(node, out)
      for (const one of node['body']) this.statement(one, out, [])
    }
    return out
  }

  enter(node: Node, out: Item[]): void {
    const scope = this.low.printer.analysis.scopes.get(node)!
    for (const code of enterScope(scope, this.low.printer, this.low.body)) this.low.code(out, code)
  }

  statement(node: Node, out: Item[], labels: readonly string[]): void {
    const { low } = this
    const before = low.depth
    this.lower(node, out, labels)
    low.depth = before
  }

  lower(node: Node, out: Item[], labels: readonly string[]): void {
    const { low, expressions } = this
    switch (node.type) {
      case 'EmptyStatement':
      case 'FunctionDeclaration':
        return
      case 'DebuggerStatement':
        return low.code(out, 'debugger;')
      case 'ExpressionStatement':
        return expressions.effect(node['expression'], out)
      case 'VariableDeclaration':
        for (const one of node['declarations']) this.declaration(one, node['kind'], out)
        return
      case 'ClassDeclaration': {
        const place = low.printer.print(node['id'], low.body)
        return low.code(out, text`${place}=${low.printer.print(node, low.body)};`)
      }
      case 'BlockStatement': {
        if (labels.length === 0) {
          out.push({ kind: 'block', body: this.block(node) })
          return
        }
        return this.labelled(labels, out, (inner) => inner.push(...this.block(node)))
      }
      case 'IfStatement': {
        const test = expressions.value(node['test'], out)
        const yes = this.block(node['consequent'])
        const no = node['alternate'] === null ? null : this.block(node['alternate'])
        out.push({ kind: 'if', test: test.text, yes, no })
        return
      }
      case 'ReturnStatement': {
        const value =
          node['argument'] === null ? 'void 0' : expressions.value(node['argument'], out).text
        return this.leave(value, out)
      }
      case 'ThrowStatement':
        return low.code(out, text`throw ${expressions.value(node['argument'], out).text};`)
      case 'BreakStatement':
      case 'ContinueStatement': {
        const way = node.type === 'BreakStatement' ? 'break' : 'continue'
        return this.jump(way, node['label']?.name ?? null, out)
      }
      case 'LabeledStatement':
        return this.label(node, out, labels)
      case 'SwitchStatement':
        return this.switch(node, out, labels)
      case 'TryStatement':
        return this.try(node, out)
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'ForStatement':
        return this.loops.loop(node, out, labels)
      case 'ForInStatement':
        return this.loops.forIn(node, out, labels)
      case 'ForOfStatement':
        return this.loops.forOf(node, out, labels)
      default:
        throw new Error(`No lowering of ${node.type}`)
    }
  }

  declaration(node: Node, kind: string, out: Item[]): void {
    const { low, expressions } = this
    const before = low.depth
    if (node['init'] !== null) {
      this.bind(node['id'], expressions.value(node['init'], out).text, out, node['init'])
    } else if (kind !== 'var') this.bind(node['id'], 'void 0', out)
    low.depth = before
  }

  /** Gives the targets of a pattern their values. `source` is what gave the value, null in a loop. */
  bind(pattern: Node, value: Text, out: Item[], source: Node | null = null): void {
    const { low } = this
    value = low.take(pattern, value, source, out)
    const place = low.printer.print(pattern, low.body)
    if (pattern.type === 'Identifier') low.code(out, text`${place}=${value};`)
    else low.code(out, text`(${place}=${value});`)
  }

  labelled(labels: readonly string[], out: Item[], fill: (inner: Item[]) => void): void {
    const inner: Item[] = []
    this.inside({ labels }, () => fill(inner))
    let body: Item[] = inner
    for (const name of labels.toReversed()) body = [{ kind: 'label', name, body }]
    out.push(...body)
  }

  label(node: Node, out: Item[], labels: readonly string[]): void {
    const body: Node = node['body']
    const all = [...labels, node['label'].name as string]
    const takesLabels = /^(?:For|While|DoWhile|Block|Switch|Labeled)/.test(body.type)
    if (takesLabels) this.statement(body, out, all)
    else if (!isFunction(body)) {
      this.labelled(all, out, (inner) => this.statement(body, inner, []))
    }
  }

  inside(jump: Jump, fill: () => void): void {
    this.low.jumps.push(jump)
    fill()
    this.low.jumps.pop()
  }

  /** `return`: through every `finally` that suspends. */
  leave(value: Text, out: Item[]): void {
    const { low } = this
    const record = low.jumps.findLast((jump) => jump.record !== undefined)?.record
    if (record === undefined) return low.code(out, text`return ${value};`)
    const id = exitOf(record, 'return', null)
    low.code(
      out,
      text`${record.value}=${value};${record.kind}=${String(id)};break ${record.label};`,
    )
  }

  jump(way: 'break' | 'continue', label: string | null, out: Item[]): void {
    const { low } = this
    for (const jump of low.jumps.toReversed()) {
      if (jump.record !== undefined) {
        const id = exitOf(jump.record, way, label)
        return low.code(out, text`${jump.record.kind}=${String(id)};break ${jump.record.label};`)
      }
      const isMeant =
        label !== null
          ? jump.labels.includes(label) && (way === 'break' || jump.isLoop === true)
          : jump.isLoop === true || (way === 'break' && jump.isSwitch === true)
      if (!isMeant) continue
      if (way === 'continue' && jump.next !== undefined) return low.code(out, `break ${jump.next};`)
      const name = label ?? jump.labels[0]
      return low.code(out, name === undefined ? `${way};` : `${way} ${name};`)
    }
    throw new Error('A jump to nowhere')
  }

  switch(node: Node, out: Item[], labels: readonly string[]): void {
    const { low, expressions } = this
    const nodes: readonly Node[] = node['cases']
    let on = expressions.value(node['discriminant'], out, nodes)
    if (low.blocks(node)) on = low.hold(on, out)
    this.enter(node, out)
    const testsBlock = nodes.some((one) => one['test'] !== null && low.blocks(one['test']))
    const index = testsBlock ? this.chooseCase(nodes, on.text, out) : null
    const cases: Case[] = []
    this.inside({ labels, isSwitch: true }, () => {
      nodes.forEach((one, at) => {
        const body = this.all(one['consequent'])
        let test: Text | null = null
        if (one['test'] !== null) test = index === null ? low.print(one['test']) : String(at)
        cases.push({ test, body })
      })
    })
    out.push({ kind: 'switch', on: index ?? on.text, cases, labels })
  }

  /** Tests that suspend: compared one after the other before the switch is entered, by number. */
  chooseCase(nodes: readonly Node[], on: Text, out: Item[]): string {
    const { low, expressions } = this
    const index = low.temporary()
    low.code(out, `${index}=-1;`)
    nodes.forEach((one, at) => {
      if (one['test'] === null) return
      const items: Item[] = []
      const before = low.depth
      const test = expressions.value(one['test'], items)
      low.code(items, text`if(${on}===${test.text})${index}=${String(at)};`)
      low.depth = before
      out.push({ kind: 'if', test: `${index}<0`, yes: items, no: null })
    })
    return index
  }

  try(node: Node, out: Item[]): void {
    const { low } = this
    const handler: Node | null = node['handler']
    if (low.blocks(node['finalizer'])) {
      return this.withFinally(
        out,
        (inner) => this.tryCatch(node['block'], handler, null, inner),
        (inner) => inner.push({ kind: 'block', body: this.block(node['finalizer']) }),
      )
    }
    this.tryCatch(node['block'], handler, node['finalizer'], out)
  }

  tryCatch(block: Node, handler: Node | null, finalizer: Node | null, out: Item[]): void {
    const { low } = this
    if (handler === null && finalizer === null) {
      out.push({ kind: 'block', body: this.block(block) })
      return
    }
    const caught = low.temporary()
    const body = this.block(block)
    let handled: Item[] | null = null
    if (handler !== null) {
      handled = []
      this.enter(handler, handled)
      if (handler['param'] !== null) this.bind(handler['param'], caught, handled)
      const inner = low.printer.analysis.scopes.get(handler['body'])
      if (inner !== undefined) this.enter(handler['body'], handled)
      for (const one of handler['body'].body) this.statement(one, handled, [])
    }
    const last = finalizer === null ? null : this.block(finalizer)
    out.push({ kind: 'try', body, caught, handler: handled, last })
  }

  /**
   * A `finally` that suspends: however the body is left, that is written down and the finalizer runs behind it; then the body is
   * left as it was. `always` knows the record: kind 0 is the end, 1 an error.
   */
  withFinally(
    out: Item[],
    fill: (inner: Item[]) => void,
    always: (inner: Item[], record: Completion) => void,
  ): void {
    const { low } = this
    const kind = low.temporary()
    const value = low.temporary()
    const caught = low.temporary()
    const record: Completion = { kind, value, label: low.label(), exits: [] }
    low.code(out, `${kind}=0;`)
    const body: Item[] = []
    this.inside({ labels: [], record }, () => fill(body))
    const written: Item[] = []
    low.code(written, `${kind}=1;${value}=${caught};`)
    out.push({
      kind: 'label',
      name: record.label,
      body: [{ kind: 'try', body, caught, handler: written, last: null }],
    })
    always(out, record)
    low.code(out, `if(${kind}===1)throw ${value};`)
    for (const exit of record.exits) {
      const items: Item[] = []
      if (exit.way === 'return') this.leave(value, items)
      else this.jump(exit.way, exit.label, items)
      out.push({ kind: 'if', test: `${kind}===${exit.id}`, yes: items, no: null })
    }
  }
}

function exitOf(
  record: Completion,
  way: 'return' | 'break' | 'continue',
  label: string | null,
): number {
  const known = record.exits.find((exit) => exit.way === way && exit.label === label)
  if (known !== undefined) return known.id
  const id = record.exits.length + 2
  record.exits.push({ id, way, label })
  return id
}
