import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { countTree, type Count } from './word-count.ts'

const tree = mkdtempSync(join(tmpdir(), 'word-count-'))
mkdirSync(join(tree, 'b/deep'), { recursive: true })
writeFileSync(join(tree, 'a.txt'), 'one two\nthree\n')
writeFileSync(join(tree, 'b/empty'), '')
writeFileSync(join(tree, 'b/deep/big'), `${'word '.repeat(50_000)}\n`.repeat(3))
writeFileSync(join(tree, 'c.txt'), '\n\n  last line without an end')
afterAll(() => rmSync(tree, { recursive: true }))

async function countAll(): Promise<Count[]> {
  const counts: Count[] = []
  for await (const count of countTree(tree)) counts.push(count)
  return counts
}

describe('word count', () => {
  it('counts every file of a tree, in the order of the walk', async () => {
    expect(await countAll()).toEqual([
      { path: join(tree, 'a.txt'), lines: 2, words: 3, bytes: 14 },
      { path: join(tree, 'b/deep/big'), lines: 3, words: 150_000, bytes: 750_003 },
      { path: join(tree, 'b/empty'), lines: 0, words: 0, bytes: 0 },
      { path: join(tree, 'c.txt'), lines: 2, words: 5, bytes: 28 },
    ])
  })

  it.skipIf(spawnSync('wc', ['--version']).status !== 0)('agrees with wc', async () => {
    const counts = await countAll()
    const { stdout } = spawnSync(
      'wc',
      counts.map(({ path }) => path),
      { encoding: 'utf8' },
    )
    const lines = stdout.trim().split('\n').slice(0, -1)
    expect(lines.map((line) => line.trim().split(/\s+/))).toEqual(
      counts.map(({ path, lines, words, bytes }) => [lines, words, bytes, path].map(String)),
    )
  })
})
