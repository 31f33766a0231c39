// npx tsx examples/word-count/main.ts [DIRECTORY]
import { countTree } from './word-count.ts'

const line = (...cells: (number | string)[]): void =>
  console.log(cells.map((cell) => String(cell).padStart(8)).join(' '))

const total = { lines: 0, words: 0, bytes: 0 }
for await (const { path, lines, words, bytes } of countTree(process.argv[2] ?? '.')) {
  line(lines, words, bytes, path)
  total.lines += lines
  total.words += words
  total.bytes += bytes
}
line(total.lines, total.words, total.bytes, 'total')
