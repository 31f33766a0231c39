// Where V8 says that something happens: the place of a call is not where it begins.
import type { Node } from './node.ts'

/** Words after which V8 gives the parenthesis as the place of the call. */
const KEYWORDS = new Set(
  (
    'default,delete,class,function,return,if,else,for,while,do,in,new,typeof,void,switch,case,break,continue,try,catch,' +
    'finally,throw,var,const,this,null,true,false,instanceof,with,import,export,enum,debugger,extends'
  ).split(','),
)
const NAME = /^[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*$/

/** The place of a call, `new` or tagged template, as an offset. */
export function callPosition(node: Node, source: string): number {
  if (node.type === 'NewExpression') return node.start
  const callee: Node = node['callee'] ?? node['tag']
  const last = lastWord(callee)
  const opening = node.type === 'CallExpression' ? '(' : '`'
  const at = find(opening, callee.end, source)
  if (last === null || node['optional']) return at
  const word = source.slice(last.start, last.end)
  if (!NAME.test(word) || KEYWORDS.has(word)) return at
  return source.slice(callee.end, at).includes(')') ? at : last.start
}

/** The place at which a for-of asks for the next value. */
export function stepPosition(loop: Node): number {
  const left: Node = loop['left']
  return left.type === 'VariableDeclaration' ? left['declarations'][0].id.start : left.start
}

function lastWord(callee: Node): Node | null {
  if (callee.type === 'Identifier' || callee.type === 'Super') return callee
  return callee.type === 'MemberExpression' && !callee['computed'] ? callee['property'] : null
}

/** The first of a character from an offset, comments apart. */
function find(opening: string, from: number, source: string): number {
  for (let at = from; at < source.length; at++) {
    if (source[at] === opening) return at
    if (source[at] !== '/') continue
    const end = source[at + 1] === '/' ? source.indexOf('\n', at) : source.indexOf('*/', at + 2) + 1
    if (end <= at) return from
    at = end
  }
  return from
}
