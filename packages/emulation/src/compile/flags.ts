// How the runtime starts a twin: the flags that compiled code hands over with its body.
import type { Node } from './node.ts'
import type { Printer } from './printer.ts'

export const CONSTRUCTIBLE = 1
export const ASYNC = 2
export const GENERATOR = 4
export const NEW_TARGET = 8
/** The body is the twin itself: a plain function. */
export const PLAIN = 16

export function flagsOf(node: Node, printer: Printer): string {
  const facts = printer.analysis.facts.get(node)!
  let flags = 0
  if (facts.role === 'function' && !node['async'] && !node['generator']) flags |= CONSTRUCTIBLE
  if (node['async']) flags |= ASYNC
  if (node['generator']) flags |= GENERATOR
  if (facts.role === 'derived constructor') flags |= NEW_TARGET
  if (facts.usesNewTarget && facts.role !== 'arrow') flags |= NEW_TARGET
  if (printer.isPlain(facts)) flags |= PLAIN
  return String(flags)
}
