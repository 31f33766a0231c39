// The source map of a compiled file: one point for each word of a slice, so that columns are right inside of it too, and one for
// each mark.
import {
  addSegment,
  GenMapping,
  maybeAddSegment,
  setSourceContent,
  toEncodedMap,
} from '@jridgewell/gen-mapping'
import type { EncodedSourceMap } from '@jridgewell/gen-mapping'
import { lineFinder } from './lines.ts'
import type { Placed } from './text.ts'

/** Names, numbers' ends apart, and what V8 takes as the place of an operation. */
const WORDS = /[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*|[().;{}[`]|[-+*/%<>=!~&|^]+/g

/**
 * @param file - What the map calls the source: a path or URL.
 * @param ahead - How many characters at the head of the source are not the file's.
 */
export function sourceMap(
  source: string,
  code: string,
  placed: readonly Placed[],
  file: string,
  ahead: number,
): EncodedSourceMap {
  const map = new GenMapping({ file })
  setSourceContent(map, file, source.slice(ahead))
  const from = lineFinder(source.slice(ahead))
  const to = lineFinder(code)
  const point = (at: number, start: number): void => {
    const [line, column] = to(at)
    if (start < ahead) return addSegment(map, line, column)
    const [sourceLine, sourceColumn] = from(start - ahead)
    maybeAddSegment(map, line, column, file, sourceLine, sourceColumn)
  }
  for (const { at, start, end } of placed) {
    point(at, start)
    if (start === end) continue
    for (const word of source.slice(start, end).matchAll(WORDS)) {
      if (word.index > 0) point(at + word.index, start + word.index)
    }
  }
  return toEncodedMap(map)
}
