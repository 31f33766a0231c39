// The names of functions as stacks show them, by place: what runs in their stead has names of its own, or none.
import { isFunction, childrenOf, type Node } from '../compile/node.ts'
import { inferredName, keyName } from '../compile/names.ts'
import { lineFinder } from '../compile/lines.ts'
import { parse } from '../compile/parse.ts'

/** A function of a source. */
export interface Named {
  readonly name: string
  /** The class or kind of object that it is a method of; null for no method. */
  readonly type: string | null
  readonly isConstructor: boolean
  /** Where it begins. */
  readonly line: number
  readonly column: number
}

/** The innermost function around a place; null outside of all. */
export type NameOf = (line: number, column: number) => Named | null

interface Ranged extends Named {
  /** Where it ends. */
  readonly end: readonly [number, number]
}

/** Reads the functions of a source. */
export function functionNames(source: string): NameOf {
  const found = functionsOf(source)
  return (line, column) => {
    let innermost: Ranged | null = null
    for (const one of found) {
      if (isBefore([line, column], [one.line, one.column])) break
      if (isBefore([line, column], one.end)) innermost = one
    }
    return innermost
  }
}

/** In the order of their beginnings. */
function functionsOf(source: string): Ranged[] {
  const program = parsed(source)
  if (program === null) return []
  const find = lineFinder(source)
  const add = (node: Node): void => {
    const [line, column] = find(node.start)
    const [lastLine, lastColumn] = find(node.end)
    const end = [lastLine + 1, lastColumn + 1] as const
    found.push({ ...named(node, parents), line: line + 1, column: column + 1, end })
  }
  const parents = new Map<Node, Node>()
  const found: Ranged[] = []
  const look = (node: Node): void => {
    if (isFunction(node)) add(node)
    for (const child of childrenOf(node)) {
      parents.set(child, node)
      look(child)
    }
  }
  look(program)
  return found
}

function parsed(source: string): Node | null {
  const readable = source.startsWith('#!') ? '//' + source.slice(2) : source
  for (const kind of ['script', 'module'] as const) {
    try {
      return parse(readable, kind)
    } catch {
      // It is of the other kind.
    }
  }
  return null
}

function named(
  node: Node,
  parents: ReadonlyMap<Node, Node>,
): Pick<Named, 'name' | 'type' | 'isConstructor'> {
  const parent = parents.get(node)!
  const own = (node['id']?.name as string | undefined) ?? inferredName(node, parents) ?? ''
  if (parent.type === 'MethodDefinition') {
    const owner = parents.get(parents.get(parent)!)!
    const type: string = owner['id']?.name ?? inferredName(owner, parents) ?? ''
    if (parent['kind'] === 'constructor') return { name: type, type: null, isConstructor: true }
    const name = keyName(parent) ?? '<computed>'
    return { name, type: parent['static'] ? 'Function' : type, isConstructor: false }
  }
  const isMethod = parent.type === 'Property' && (parent['method'] || parent['kind'] !== 'init')
  return { name: own, type: isMethod ? 'Object' : null, isConstructor: false }
}

function isBefore(one: readonly [number, number], other: readonly [number, number]): boolean {
  return one[0] < other[0] || (one[0] === other[0] && one[1] < other[1])
}
