// Runs every documentation block; what it prints must match its `// => value` comments.
import { join, relative } from 'node:path'
import { format } from 'node:util'
import { expect, it, vi } from 'vitest'
import { allBlocks } from './blocks.ts'
import { blockModule } from './plugin.ts'

const root = join(import.meta.dirname, '../..')

for (const block of allBlocks(root)) {
  it.skipIf(!block.runs)(`${relative(root, block.file)}:${block.line}`, async () => {
    const printed: string[] = []
    const log = vi.spyOn(console, 'log').mockImplementation((...args: unknown[]) => {
      printed.push(...format(...args).split('\n'))
    })
    try {
      await import(/* @vite-ignore */ blockModule(block))
      if (block.expected.length > 0) {
        await vi.waitFor(() => expect(printed).toEqual(block.expected), 10_000)
      }
    } finally {
      log.mockRestore()
    }
  })
}
