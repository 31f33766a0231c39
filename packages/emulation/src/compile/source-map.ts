// The source map of a compiled file: one point for each word of a slice, so that columns are right inside of it too.
import {
  GenMapping,
  maybeAddSegment,
  setSourceContent,
  toEncodedMap,
} from '@jridgewell/gen-mapping'
import type { EncodedSourceMap } from '@jridgewell/gen-mapping'
import type { Placed } from './text.ts'

const WORDS = /[A-Za-z_$][\w$]*|[().;{}]/g

/** @param file - What the map calls the source: a path or URL. */
export function sourceMap(
  source: string,
  code: string,
  placed: readonly Placed[],
  file: string,
): EncodedSourceMap {
  const map = new GenMapping({ file })
  setSourceContent(map, file, source)
  const from = lineFinder(source)
  const to = lineFinder(code)
  const point = (at: number, start: number): void => {
    const [line, column] = to(at)
    const [sourceLine, sourceColumn] = from(start)
    maybeAddSegment(map, line, column, file, sourceLine, sourceColumn)
  }
  for (const { at, start, end } of placed) {
    point(at, start)
    for (const word of source.slice(start, end).matchAll(WORDS)) {
      if (word.index > 0) point(at + word.index, start + word.index)
    }
  }
  return toEncodedMap(map)
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
