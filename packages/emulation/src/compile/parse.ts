// Source text to syntax tree. What Node accepts as a CommonJS or an ES module, and nothing else.
import { parse as acornParse } from 'acorn'
import type { Node } from './node.ts'

export type SourceKind = 'script' | 'module'

/** Parses a file. Throws acorn's SyntaxError, with `pos` and `loc`. */
export function parse(source: string, kind: SourceKind): Node {
  return acornParse(source, {
    ecmaVersion: 'latest',
    sourceType: kind,
    allowReturnOutsideFunction: kind === 'script',
    allowHashBang: true,
  }) as unknown as Node
}
