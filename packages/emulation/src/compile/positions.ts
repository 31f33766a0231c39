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
  if (node.type === 'TaggedTemplateExpression') return node['quasi'].start
  const callee: Node = node['callee']
  const last = lastWord(callee)
  const at = find('(', callee.end, source)
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

/** The place of an operator between two operands. */
export function operatorPosition(node: Node, source: string): number {
  const operator: string = node['operator']
  return find(operator, node['left'].end, source)
}

function lastWord(callee: Node): Node | null {
  if (callee.type === 'Identifier' || callee.type === 'Super') return callee
  return callee.type === 'MemberExpression' && !callee['computed'] ? callee['property'] : null
}

/** The first of some words from an offset, comments apart. */
function find(words: string, from: number, source: string): number {
  for (let at = from; at < source.length; at++) {
    if (source.startsWith(words, at)) return at
    if (source[at] !== '/') continue
    const end = source[at + 1] === '/' ? source.indexOf('\n', at) : source.indexOf('*/', at + 2) + 1
    if (end <= at) return from
    at = end
  }
  return from
}
