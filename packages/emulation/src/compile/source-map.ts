// The source map of a compiled file: one point for each word of a slice, so that columns are right inside of it too, and one for
// each mark. Where the file was itself made of another, and has a map inside, ours leads on to that one.
import {
  addSegment,
  GenMapping,
  maybeAddSegment,
  setSourceContent,
  toEncodedMap,
} from '@jridgewell/gen-mapping'
import type { EncodedSourceMap } from '@jridgewell/gen-mapping'
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping'
import { lineFinder } from './lines.ts'
import type { Placed } from './text.ts'

/** A part of a text, from an offset to another. */
export type Stretch = readonly [first: number, end: number]

/** Names, numbers' ends apart, and what V8 takes as the place of an operation. */
const WORDS = /[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*|[().;{}[`]|[-+*/%<>=!~&|^]+/g

/**
 * @param file - What the map calls the source: a path or URL.
 * @param own - Where in the source the file is.
 */
export function sourceMap(
  source: string,
  code: string,
  placed: readonly Placed[],
  file: string,
  [first, end]: Stretch,
): EncodedSourceMap {
  const map = new GenMapping({ file })
  const content = source.slice(first, end)
  const inner = innerMap(content, file)
  if (inner === null) setSourceContent(map, file, content)
  const from = lineFinder(content)
  const to = lineFinder(code)
  const point = (at: number, start: number): void => {
    const [line, column] = to(at)
    if (start < first || start > end) return addSegment(map, line, column)
    const [sourceLine, sourceColumn] = from(start - first)
    if (inner === null) return maybeAddSegment(map, line, column, file, sourceLine, sourceColumn)
    const found = originalPositionFor(inner, { line: sourceLine + 1, column: sourceColumn })
    if (found.source === null) return addSegment(map, line, column)
    maybeAddSegment(map, line, column, found.source, found.line - 1, found.column)
  }
  for (const { at, start, end: last } of placed) {
    point(at, start)
    if (start === last) continue
    for (const word of source.slice(start, last).matchAll(WORDS)) {
      if (word.index > 0) point(at + word.index, start + word.index)
    }
  }
  return toEncodedMap(map)
}

const INNER =
  /\n\/\/# sourceMappingURL=data:application\/json;(?:charset=utf-8;)?base64,([\w+/=]+)\s*$/

/** The map that a compiler or loader has left at the end of a file. */
function innerMap(content: string, file: string): TraceMap | null {
  const encoded = INNER.exec(content)?.[1]
  if (encoded === undefined) return null
  try {
    return new TraceMap(Buffer.from(encoded, 'base64').toString(), file)
  } catch {
    return null
  }
}
