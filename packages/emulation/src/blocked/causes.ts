// The kinds of calls that cannot be suspended, in words.

import { context } from './context.ts'

type CallSite = NodeJS.CallSite

/** A kind of call that cannot be suspended. */
export type BlockCategory =
  /** A builtin calls back, whose rules allow no wait: a comparator, a reviver. */
  | 'callback'
  | 'accessor'
  | 'proxy trap'
  | 'constructor'
  /** `toString`, `valueOf` and their like. */
  | 'coercion'
  /** A builtin or the language steps through an iterator. */
  | 'iterator'
  /** The body of a module that is not the main one. */
  | 'top level'
  /** A listener of an event whose emitter relies on what it has done: `exit`. */
  | 'listener'
  /** Node calls back, and goes on with what came of it. */
  | 'callback of Node'
  /** A function that has no twin for another reason. */
  | 'function'
  | 'not compiled'
  | 'unknown'

/** Why a call could not be suspended. */
export interface Cause {
  readonly category: BlockCategory
  readonly reason: string
  /** That is so only because of a caller further out. */
  readonly isMild?: boolean
}

const TRAPS = new Set(
  (
    'get,set,has,deleteProperty,ownKeys,apply,construct,defineProperty,getOwnPropertyDescriptor,getPrototypeOf,' +
    'setPrototypeOf,isExtensible,preventExtensions'
  ).split(','),
)
const COERCIONS = new Set(['toString', 'valueOf', '[Symbol.toPrimitive]', 'toJSON'])
const STEPS = new Set(['next', 'return', 'throw', '[Symbol.iterator]', '[Symbol.asyncIterator]'])
/** Builtins that wait for their callbacks where they are called by green code. */
const WAITING =
  /^(?:Array|Map|Set|Function|Object)\.(?:forEach|map|filter|flatMap|some|every|find|findIndex|findLast|findLastIndex|reduce|reduceRight|from|call|apply)$/

/** A function that the language itself calls. */
export function byLanguage(name: string): Cause {
  if (COERCIONS.has(name)) return { category: 'coercion', reason: `${name} of an object` }
  if (STEPS.has(name)) return { category: 'iterator', reason: `${name} of an iterator` }
  if (TRAPS.has(name)) return { category: 'proxy trap', reason: `${name} of a Proxy` }
  return { category: 'unknown', reason: `a call of ${name || 'a function'} by the language` }
}

/** A method of a generator that is called by what is not green. */
export function byStep(name: string): Cause | null {
  return name === 'next' || name === 'return' || name === 'throw'
    ? { category: 'iterator', reason: `${name} of a generator` }
    : null
}

/** A function that a builtin calls. */
export function byBuiltin(site: CallSite, name: string): Cause {
  if (STEPS.has(name) || COERCIONS.has(name)) return byLanguage(name)
  const own = site.getFunctionName() ?? ''
  const type = site.getTypeName()
  const builtin = site.isConstructor()
    ? `new ${own}`
    : type === null || type === '' || own.startsWith(`${type}.`)
      ? own
      : `${type}.${own}`
  const isMild = WAITING.test(builtin)
  return { category: 'callback', reason: `a callback of ${builtin || 'a builtin'}`, isMild }
}

/** A function that code of Node calls. */
export function byNode(site: CallSite): Cause {
  const module = (site.getFileName() ?? 'node:').replace(/^node:(?:internal\/)?/, '')
  if (module === 'events' && context.event !== null) {
    return { category: 'listener', reason: `a listener of '${context.event}'` }
  }
  const name = site.getFunctionName() ?? ''
  const where = name === '' ? module : `${module} (${name})`
  return { category: 'callback of Node', reason: `a callback of ${where}` }
}
