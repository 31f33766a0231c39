// A little of a syntax tree: what the doctor looks at.
import type { Node } from 'acorn'

/** A node with its fields. */
export type Syntax = Node & { readonly [field: string]: unknown }

/** Calls `visit` with a node and all below it; where that gives false, not below. */
export function walk(node: unknown, visit: (node: Syntax) => boolean | void): void {
  if (Array.isArray(node)) {
    for (const one of node) walk(one, visit)
  } else if (typeof (node as Syntax | null)?.type === 'string') {
    if (visit(node as Syntax) === false) return
    for (const field of Object.values(node as Syntax)) {
      if (typeof field === 'object' && field !== null) walk(field, visit)
    }
  }
}

/** The text of a literal string; undefined for anything else. */
export function textOf(node: unknown): string | undefined {
  const { type, value } = (node ?? {}) as Partial<Syntax>
  return type === 'Literal' && typeof value === 'string' ? value : undefined
}

/** The name of an identifier, or the key of a property that is not computed. */
export function nameOf(node: unknown): string | undefined {
  const { type, name } = (node ?? {}) as Partial<Syntax>
  return type === 'Identifier' ? (name as string) : textOf(node)
}

/** What `require('x')` asks for; undefined for anything else. */
export function requiredBy(node: unknown): string | undefined {
  const call = (node ?? {}) as Partial<Syntax>
  return call.type === 'CallExpression' && nameOf(call['callee']) === 'require'
    ? textOf((call['arguments'] as unknown[])[0])
    : undefined
}
