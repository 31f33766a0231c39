// `wc` over a whole tree, many files at a time: lines, words and bytes of each file, in the order of the walk.
import { map, open, walk } from 'greenhouse'

export interface Count {
  readonly path: string
  readonly lines: number
  readonly words: number
  readonly bytes: number
}

/** Counts all files of a tree. Nothing is read that is not asked for. */
export function countTree(directory: string): AsyncIterable<Count> {
  return map(countFile, filesOf(directory), { concurrency: 50 })
}

async function* filesOf(directory: string): AsyncGenerator<string> {
  for await (const { path, kind } of walk(directory)) if (kind === 'file') yield path
}

async function countFile(path: string): Promise<Count> {
  const file = await open(path)
  try {
    let [lines, words, bytes, inWord] = [0, 0, 0, false]
    for (let chunk; (chunk = await file.readSome()).length > 0; bytes += chunk.length) {
      for (const byte of chunk) {
        const isSpace = byte === 32 || (byte >= 9 && byte <= 13)
        if (!isSpace && !inWord) words++
        if (byte === 10) lines++
        inWord = !isSpace
      }
    }
    return { path, lines, words, bytes }
  } finally {
    await file.close()
  }
}
