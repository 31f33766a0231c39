// Loops of a plain twin.
import type { Item } from './ir.ts'
import type { StatementLowering } from './lower-statements.ts'
import type { Node } from './node.ts'
import { stepPosition } from './positions.ts'
import { mark, text, type Text } from './text.ts'

export class LoopLowering {
  readonly statements: StatementLowering

  constructor(statements: StatementLowering) {
    this.statements = statements
  }

  /** for, while, do. */
  loop(node: Node, out: Item[], labels: readonly string[]): void {
    const { statements } = this
    const { low, expressions } = statements
    const isFor = node.type === 'ForStatement'
    const isDo = node.type === 'DoWhileStatement'
    const test: Node | null = node['test']
    const update: Node | null = isFor ? node['update'] : null
    let renew: Text = ''
    if (isFor) {
      statements.enter(node, out)
      // Each iteration has variables of its own, which begin as those of the one before.
      const { environment } = low.printer.analysis.scopes.get(node)!
      if (environment !== null) renew = `${environment}={...${environment}}`
      const init: Node | null = node['init']
      if (init?.type === 'VariableDeclaration') statements.statement(init, out, [])
      else if (init !== null) this.effect(init, out)
    }
    if (!low.blocks(test) && !low.blocks(update)) {
      const changed = update === null ? '' : low.print(update)
      const both = renew !== '' && changed !== '' ? text`${renew},${changed}` : [renew, changed]
      let body: Item[] = []
      statements.inside({ labels, isLoop: true }, () => (body = statements.block(node['body'])))
      out.push({
        kind: isDo ? 'do' : 'loop',
        test: test === null ? '' : low.print(test),
        update: renew === '' && changed === '' ? '' : both,
        body,
        labels,
      })
      return
    }
    const name = labels[0] ?? low.label()
    const next = low.label()
    const all = labels.length > 0 ? labels : [name]
    let inner: Item[] = []
    statements.inside({ labels: all, isLoop: true, next }, () => {
      inner = statements.block(node['body'])
    })
    const body: Item[] = []
    const check = (): void => {
      if (test === null) return
      const before = low.depth
      low.code(body, text`if(!(${expressions.value(test, body).text}))break ${name};`)
      low.depth = before
    }
    if (!isDo) check()
    body.push({ kind: 'label', name: next, body: inner })
    if (isDo) check()
    if (renew !== '') low.code(body, text`${renew};`)
    if (update !== null) this.effect(update, body)
    out.push({ kind: 'loop', test: '', update: '', body, labels: all })
  }

  effect(node: Node, out: Item[]): void {
    const { low, expressions } = this.statements
    const before = low.depth
    expressions.effect(node, out)
    low.depth = before
  }

  /** for-in with calls in its body: over a list of the keys, of which those that are gone are left out. */
  forIn(node: Node, out: Item[], labels: readonly string[]): void {
    const { statements } = this
    const { low, expressions } = statements
    const target = targetOf(node)
    if (!low.blocks(node['body'])) {
      const right = expressions.value(node['right'], out).text
      const key = low.temporary()
      const body: Item[] = []
      statements.enter(node, body)
      statements.bind(target, key, body)
      statements.inside({ labels, isLoop: true }, () =>
        body.push(...statements.block(node['body'])),
      )
      out.push({ kind: 'each', head: text`${key} in ${right}`, body, labels })
      return
    }
    const object = low.hold(expressions.value(node['right'], out), out).text
    const keys = low.temporary()
    const at = low.temporary()
    low.code(out, text`${keys}=${low.helper('keys')}(${object});${at}=-1;`)
    const body: Item[] = []
    statements.enter(node, body)
    low.code(body, text`if(!(${keys}[${at}] in Object(${object})))continue;`)
    statements.bind(target, text`${keys}[${at}]`, body)
    statements.inside({ labels, isLoop: true }, () => body.push(...statements.block(node['body'])))
    out.push({ kind: 'loop', test: `++${at}<${keys}.length`, update: '', body, labels })
  }

  /** for-of: a handle whose steps and whose close may be suspended. */
  forOf(node: Node, out: Item[], labels: readonly string[]): void {
    const { statements } = this
    const { low, expressions } = statements
    const right = expressions.value(node['right'], out)
    const handle = low.temporary()
    const from = node['right'].start
    const at = stepPosition(node)
    low.call(out, handle, text`${mark(low.helper('it'), from)}(${right.text})`, from)
    const name = labels[0] ?? low.label()
    const all = labels.length > 0 ? labels : [name]
    const loop = (inner: Item[]): void => {
      const body: Item[] = []
      const step = low.temporary()
      low.call(body, step, text`${handle}.${mark('step', at)}()`, at)
      low.code(body, `if(!${step})break ${name};`)
      statements.enter(node, body)
      statements.bind(targetOf(node), `${handle}.value`, body)
      statements.inside({ labels: all, isLoop: true }, () => {
        body.push({ kind: 'block', body: statements.block(node['body']) })
      })
      inner.push({ kind: 'loop', test: '', update: '', body, labels: all })
    }
    statements.withFinally(out, loop, (after, record) => {
      const items: Item[] = []
      low.code(items, `if(${record.kind}===1)${handle}.failed();`)
      low.call(items, low.temporary(), text`${handle}.${mark('close', at)}()`, at)
      after.push({ kind: 'if', test: `${handle}.open`, yes: items, no: null })
    })
  }
}

/** What each round of a for-in or for-of assigns. */
function targetOf(node: Node): Node {
  const left: Node = node['left']
  return left.type === 'VariableDeclaration' ? left['declarations'][0].id : left
}
