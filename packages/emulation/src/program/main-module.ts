// The main module: its body runs in a greenlet. A module's body becomes one function, with its imports before it. A module that
// exports something keeps its body where it is: there, what blocks really blocks.
import { parse } from '../compile/parse.ts'
import type { Node } from '../compile/node.ts'
import { withoutHashbang, wrapped, type Wrapped } from '../load/wrapped.ts'

/** What compiled main modules call. */
export const MAIN = '$_M'

/** The text of a module whose body is a function; null where that cannot be. */
export function mainModule(source: string): Wrapped | null {
  const text = withoutHashbang(source)
  const { body } = parse(text, 'module') as unknown as { body: Node[] }
  if (body.some(({ type }) => type.startsWith('Export'))) return null
  const imports = body.filter(({ type }) => type === 'ImportDeclaration')
  let rest = text
  for (const { start, end } of imports) {
    const blank = text.slice(start, end).replace(/[^\n\r\u2028\u2029]/g, ' ')
    rest = rest.slice(0, start) + blank + rest.slice(end)
  }
  const list = imports.map(({ start, end }) => `${oneLine(text.slice(start, end))};`).join('')
  return wrapped(`${list}await ${MAIN}(undefined,[],async()=>{`, rest, '\n});')
}

/** An import has no strings that could hold a line's end, but comments. */
function oneLine(text: string): string {
  return text.replace(/\/\/[^\n\r]*/g, '').replace(/[\n\r]+/g, ' ')
}
