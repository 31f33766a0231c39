// The state of one lowering: items, temporaries, and the places that jumps go to.
import { BLOCKS } from './features.ts'
import type { Item } from './ir.ts'
import { childrenOf, eachTarget, isFunction, type Node } from './node.ts'
import { taken } from './patterns.ts'
import { callPosition } from './positions.ts'
import type { Body, Printer } from './printer.ts'
import { text, type Text } from './text.ts'

/** A value that has been computed as far as calls are concerned. `held` names the temporary that it is, if it is one. */
export interface Value {
  readonly text: Text
  readonly held: string | null
}

/** What break, continue and return may meet on their way. */
export interface Jump {
  readonly labels: readonly string[]
  readonly isLoop?: boolean
  readonly isSwitch?: boolean
  /** The label that `continue` breaks, in a loop whose update stands in its body. */
  readonly next?: string
  readonly record?: Completion
}

/** How a body with a suspending `finally` was left: a number, and a value. */
export interface Completion {
  readonly kind: string
  readonly value: string
  readonly label: string
  readonly exits: Exit[]
}

export interface Exit {
  readonly id: number
  readonly way: 'return' | 'break' | 'continue'
  readonly label: string | null
}

export class Lowering {
  readonly printer: Printer
  readonly body: Body
  readonly jumps: Jump[] = []
  /** Where each call stands in the source, by its number from 1. */
  readonly sites: number[] = []
  depth = 0
  deepest = 0
  labels = 0

  constructor(printer: Printer, body: Body) {
    this.printer = printer
    this.body = body
  }

  /** Takes a temporary; it is free again when `depth` is set back. */
  temporary(): string {
    const name = `${this.printer.prefix}t${this.depth++}`
    if (this.depth > this.deepest) this.deepest = this.depth
    return name
  }

  label(): string {
    return `${this.printer.prefix}l${++this.labels}`
  }

  helper(name: string): string {
    return this.printer.helper(name)
  }

  /** The place of a call, `new` or tagged template. */
  position(node: Node): number {
    return callPosition(node, this.printer.source)
  }

  blocks(node: Node | null | undefined): boolean {
    return node !== null && node !== undefined && this.printer.has(node, BLOCKS)
  }

  code(out: Item[], code: Text): void {
    out.push({ kind: 'code', code: [code, '\n'] })
  }

  /** A call that may be suspended; `at` is its place in the source. */
  call(out: Item[], into: string, code: Text, at: number): Value {
    const k = this.sites.push(at)
    out.push({ kind: 'call', k, into, code })
    return { text: into, held: into }
  }

  /** Puts a value into a temporary, unless it is in one. */
  hold(value: Value, out: Item[]): Value {
    if (value.held !== null) return value
    const held = this.temporary()
    this.code(out, text`${held}=${value.text};`)
    return { text: held, held }
  }

  /** What an array pattern takes of a value, where that is stepped through first. */
  take(pattern: Node, value: Text, source: Node | null, out: Item[]): Text {
    const call = taken(pattern, value, source, this.printer)
    return call === null ? value : this.call(out, this.temporary(), call, pattern.start).text
  }

  assign(into: string, value: Value, out: Item[]): void {
    if (value.held !== into) this.code(out, text`${into}=${value.text};`)
  }

  /** Prints what contains no call. */
  print(node: Node): Text {
    const printed = this.printer.print(node, this.body)
    return isAtomic(node) ? printed : ['(', printed, ')']
  }

  /** Whether an expression gives the same after `later` has been evaluated. */
  isStable(node: Node, later: readonly (Node | null | undefined)[]): boolean {
    if (node.type === 'Literal') return node['regex'] === undefined
    if (node.type === 'ThisExpression') return true
    if (node.type !== 'Identifier') return false
    const variable = this.printer.analysis.references.get(node)
    if (variable === undefined || this.printer.early.has(node)) return false
    if (variable.kind === 'const' || variable.kind === 'import' || variable.kind === 'self')
      return true
    if (variable.captured || variable.scope.owner !== this.body.facts) return false
    if (variable.scope.owner.usesArguments && variable.kind === 'parameter') return false
    return !later.some((one) => one && this.assigns(one, node['name']))
  }

  /** Whether a subtree assigns a variable of this name. */
  assigns(node: Node, name: string): boolean {
    let found = false
    const check = (target: Node): void => {
      if (target['name'] === name) found = true
    }
    if (node.type === 'AssignmentExpression') eachTarget(node['left'], check)
    else if (node.type === 'UpdateExpression') eachTarget(node['argument'], check)
    return (
      found || (!isFunction(node) && childrenOf(node).some((child) => this.assigns(child, name)))
    )
  }
}

function isAtomic(node: Node): boolean {
  switch (node.type) {
    case 'Identifier':
    case 'ThisExpression':
    case 'MemberExpression':
    case 'TemplateLiteral':
    case 'ArrayExpression':
      return true
    case 'Literal':
      return typeof node['value'] !== 'number'
    default:
      return false
  }
}
