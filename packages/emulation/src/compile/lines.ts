// Lines and columns of offsets.

/** Finds line and column (both from 0) of an offset. */
export type FindLine = (offset: number) => [line: number, column: number]

export function lineFinder(content: string): FindLine {
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
