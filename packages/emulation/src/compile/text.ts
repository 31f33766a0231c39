// The text that printers make: a rope of strings and of slices of the source, so that a source map falls out of it.
import type { Node } from './node.ts'

/** A slice of the source. */
export interface Slice {
  readonly start: number
  readonly end: number
}

/** A piece of output; nested arrays are read from left to right. */
export type Text = string | Slice | readonly Text[]

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
  readonly start: number
  readonly end: number
}

/** Writes text out; `placed` says where each slice of the source has gone. */
export function write(whole: Text, source: string): { code: string; placed: Placed[] } {
  let code = ''
  const placed: Placed[] = []
  const put = (part: Text): void => {
    if (typeof part === 'string') code += part
    else if ('start' in part) {
      if (part.end > part.start) placed.push({ at: code.length, start: part.start, end: part.end })
      code += source.slice(part.start, part.end)
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
