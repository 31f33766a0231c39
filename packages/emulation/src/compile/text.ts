// The text that printers make: a rope of strings, of slices of the source, and of marks, which say for which place of the
// source the compiler's own words stand; so that a source map falls out of it.
import type { Node } from './node.ts'

/** A slice of the source. */
export interface Slice {
  readonly start: number
  readonly end: number
}

/** Words of the compiler that stand for a place in the source. */
export interface Mark {
  readonly code: string
  /** The place; -1 where they stand for none. */
  readonly from: number
}

/** A piece of output; nested arrays are read from left to right. */
export type Text = string | Slice | Mark | readonly Text[]

/** Composes text: `text\`if(${test}){${body}}\``. */
export function text(strings: TemplateStringsArray, ...parts: Text[]): Text {
  const all: Text[] = [strings[0]!]
  for (let i = 0; i < parts.length; i++) all.push(parts[i]!, strings[i + 1]!)
  return all
}

/** The source of a node as it stands. */
export function slice(node: Node): Slice {
  return { start: node.start, end: node.end }
}

export function mark(code: string, from: number): Mark {
  return { code, from }
}

/** Words that stand for nothing in the source: a frame there is none of the program's. */
export function unmapped(code: string): Mark {
  return { code, from: -1 }
}

export function join(parts: readonly Text[], separator: string): Text {
  const all: Text[] = []
  parts.forEach((part, index) => {
    if (index > 0) all.push(separator)
    all.push(part)
  })
  return all
}

/** How much of the output comes from where. */
export interface Placed {
  /** Where in the output. */
  readonly at: number
  /** -1 for what comes from nowhere. */
  readonly start: number
  readonly end: number
}

/** The beginning of a word, not of what stands in a template. */
const WORD = /^(?:[\w\u0080-\uffff]|\$(?!\{))/

/** Writes text out; `placed` says where each slice of the source has gone. */
export function write(whole: Text, source: string): { code: string; placed: Placed[] } {
  let code = ''
  // Where the last slice ended, in the output and in the source.
  let sliced = -1
  let last = 0
  const placed: Placed[] = []
  const say = (words: string): void => {
    // `return(x)=>x`: what takes the place of the arrow may begin with a letter.
    if (sliced === code.length && WORD.test(words) && WORD.test(source[last - 1] ?? '')) code += ' '
    code += words
  }
  const put = (part: Text): void => {
    if (typeof part === 'string') say(part)
    else if ('from' in part) {
      say(part.code)
      placed.push({ at: code.length - part.code.length, start: part.from, end: part.from })
    } else if ('start' in part) {
      if (part.end > part.start) placed.push({ at: code.length, start: part.start, end: part.end })
      code += source.slice(part.start, part.end)
      sliced = code.length
      last = part.end
    } else for (const one of part) put(one)
  }
  put(whole)
  return { code, placed }
}

/** Whether text is longer than a number of characters. */
export function isLonger(whole: Text, limit: number): boolean {
  return remaining(whole, limit) < 0
}

function remaining(whole: Text, limit: number): number {
  if (typeof whole === 'string') return limit - whole.length
  if ('from' in whole) return limit - whole.code.length
  if ('start' in whole) return limit - (whole.end - whole.start)
  let left = limit
  for (const part of whole) {
    left = remaining(part, left)
    if (left < 0) break
  }
  return left
}

/** Whether text is a piece of the source as it stands. */
export function isSlice(whole: Text): whole is Slice {
  return typeof whole === 'object' && 'start' in whole
}
