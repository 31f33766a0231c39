// The source map of a compiled file: one point for each word of a slice, so that columns are right inside of it too. Where the
// file was itself made of another, and has a map inside, ours leads on to that one.
import {
  GenMapping,
  maybeAddSegment,
  setSourceContent,
  toEncodedMap,
} from '@jridgewell/gen-mapping'
import type { EncodedSourceMap } from '@jridgewell/gen-mapping'
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping'
import type { Placed } from './text.ts'

const WORDS = /[A-Za-z_$][\w$]*|[().;{}]/g

/**
 * @param file - What the map calls the source: a path or URL.
 * @param ahead - How many characters of the source's first line are not the file's.
 */
export function sourceMap(
  source: string,
  code: string,
  placed: readonly Placed[],
  file: string,
  ahead: number,
): EncodedSourceMap {
  const map = new GenMapping({ file })
  const inner = innerMap(source, file)
  if (inner === null) setSourceContent(map, file, source.slice(ahead))
  const from = lineFinder(source)
  const to = lineFinder(code)
  const point = (at: number, start: number): void => {
    if (start < ahead) return
    const [line, column] = to(at)
    const [sourceLine, wholeColumn] = from(start)
    const sourceColumn = sourceLine === 0 ? wholeColumn - ahead : wholeColumn
    if (inner === null) maybeAddSegment(map, line, column, file, sourceLine, sourceColumn)
    else {
      const found = originalPositionFor(inner, { line: sourceLine + 1, column: sourceColumn })
      if (found.source !== null) {
        maybeAddSegment(map, line, column, found.source, found.line - 1, found.column)
      }
    }
  }
  for (const { at, start, end } of placed) {
    point(at, start)
    for (const word of source.slice(start, end).matchAll(WORDS)) {
      if (word.index > 0) point(at + word.index, start + word.index)
    }
  }
  return toEncodedMap(map)
}

const INNER =
  /\n\/\/# sourceMappingURL=data:application\/json;(?:charset=utf-8;)?base64,([\w+/=]+)\s*(?:\}\);?|\}\))?\s*$/

/** The map that a compiler or loader has left at the end of a file. */
function innerMap(source: string, file: string): TraceMap | null {
  const encoded = INNER.exec(source)?.[1]
  if (encoded === undefined) return null
  try {
    return new TraceMap(Buffer.from(encoded, 'base64').toString(), file)
  } catch {
    return null
  }
}

/** Finds line and column (both from 0) of an offset. */
function lineFinder(content: string): (offset: number) => [line: number, column: number] {
  const starts = [0]
  for (let i = content.indexOf('\n'); i >= 0; i = content.indexOf('\n', i + 1)) starts.push(i + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return [low, offset - starts[low]!]
  }
}
