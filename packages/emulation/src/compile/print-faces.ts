// Faces: what stands where a function with a twin stood. A face has the name, the length and the kind of the original, and
// runs the twin in blocking mode: whoever calls it cannot be suspended.
import { flagsOf } from './flags.ts'
import type { Node } from './node.ts'
import type { Printer } from './printer.ts'
import { text, unmapped, type Text } from './text.ts'

export type FaceForm = 'function' | 'method' | 'named'

const WORD = /^[A-Za-z_$][\w$]*$/
const RESERVED = new Set(
  (
    'default,delete,class,function,return,if,else,for,while,do,in,new,typeof,void,switch,case,break,continue,try,' +
    'catch,finally,throw,var,let,const,this,null,true,false,instanceof,with,yield,await,super,import,export,static,' +
    'enum,eval,arguments,implements,interface,package,private,protected,public,debugger'
  ).split(','),
)

/** Parameters and body of a face. `twin` is the text that gives the generator function. */
export function makeFace(node: Node, printer: Printer, twin: string): Text {
  const facts = printer.analysis.facts.get(node)!
  const strict = printer.analysis.program.strict ? '' : '"use strict";'
  const target = facts.usesNewTarget && facts.role === 'function' ? ',new.target' : ''
  const run = unmapped(printer.helper('B'))
  const flags = flagsOf(node, printer)
  return text`(${faceParameters(node, printer)}){${strict}return ${run}(${twin},this,arguments,${flags}${target})}`
}

/** As many parameters as make the `length` of the original. */
export function faceParameters(node: Node, printer: Printer): string {
  const names: string[] = []
  for (const parameter of node['params'] as Node[]) {
    if (parameter.type === 'AssignmentPattern' || parameter.type === 'RestElement') break
    names.push(`${printer.prefix}p${names.length}`)
  }
  return names.join(',')
}

/** The function that makes faces of a form and name, shared by the whole module. */
export function makerText(form: FaceForm, name: string, node: Node, printer: Printer): Text {
  const twin = printer.prefix + 'x'
  const key = JSON.stringify(name)
  if (form === 'named') {
    // Its own name is bound inside the twin, not here.
    return text`${twin}=>function ${name}${makeFace(node, printer, `${twin}.body`)}`
  }
  const face = makeFace(node, printer, twin)
  const isWord = WORD.test(name) && !RESERVED.has(name)
  if (form === 'method') {
    const made = isWord ? text`${name}${face}` : text`[${key}]${face}`
    return text`${twin}=>({${made}})[${key}]`
  }
  if (name === '') return text`${twin}=>(0,function${face})`
  return text`${twin}=>({${key}:function${face}})[${key}]`
}
