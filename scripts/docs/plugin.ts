// Serves each documentation block to vitest as a module beside the file that holds it, so that
// `README.md` at line 12 is imported as `README.md.L12.ts` and resolves packages from there.
import type { Plugin } from 'vitest/config'
import { blocksOf, type DocBlock } from './blocks.ts'

const MODULE = /^(.+)\.L(\d+)\.ts$/

/** The id under which a block is imported. */
export function blockModule({ file, line }: DocBlock): string {
  return `${file}.L${line}.ts`
}

/** The Vite plugin behind {@link blockModule}. */
export function docBlocks(): Plugin {
  return {
    name: 'doc-blocks',
    enforce: 'pre',
    resolveId: (id) => (MODULE.test(id) ? id : undefined),
    load(id) {
      const [, file, line] = MODULE.exec(id) ?? []
      if (file === undefined) return undefined
      const found = blocksOf(file).find((block) => block.line === Number(line))
      return found && `${found.code}\nexport {}\n`
    },
  }
}
