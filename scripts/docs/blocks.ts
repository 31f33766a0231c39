// Finds the fenced `ts` blocks of READMEs, docs/ and doc comments.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export interface DocBlock {
  /** Absolute path of the file that holds the block. */
  readonly file: string
  /** Line of the block's first line of code, from 1. */
  readonly line: number
  readonly code: string
  /** False for a block marked `ts no-run`. */
  readonly runs: boolean
  /** The values of its `// => value` comments, in order. */
  readonly expected: readonly string[]
}

const FENCE = /^\s*(```+)\s*(.*?)\s*$/
const COMMENT_PREFIX = /^\s*\*( |$)/

/** All blocks of the repository, by file and line. */
export function allBlocks(root: string): DocBlock[] {
  const markdown = [
    join(root, 'README.md'),
    ...filesUnder(join(root, 'docs'), '.md'),
    ...filesUnder(join(root, 'packages'), 'README.md'),
    ...filesUnder(join(root, 'examples'), 'README.md'),
  ].filter((file) => existsSync(file))
  const sources = filesUnder(join(root, 'packages'), '.ts').filter((file) =>
    /[\\/]src[\\/]/.test(file),
  )
  return [...markdown, ...sources].flatMap((file) => blocksOf(file))
}

/** The blocks of one Markdown or TypeScript file. */
export function blocksOf(file: string): DocBlock[] {
  const inComments = file.endsWith('.ts')
  const blocks: DocBlock[] = []
  let open: { fence: string; info: string; line: number; code: string[] } | undefined
  for (const [index, raw] of readFileSync(file, 'utf8').split(/\r?\n/).entries()) {
    const inside = !inComments || COMMENT_PREFIX.test(raw)
    const text = inComments ? raw.replace(COMMENT_PREFIX, '') : raw
    const fence = inside ? FENCE.exec(text) : null
    if (open === undefined) {
      if (fence) open = { fence: fence[1] ?? '', info: fence[2] ?? '', line: index + 2, code: [] }
    } else if (fence?.[1] === open.fence && fence[2] === '') {
      const [language, ...marks] = open.info.split(/\s+/)
      if (language === 'ts')
        blocks.push(block(file, open.line, open.code, !marks.includes('no-run')))
      open = undefined
    } else if (inside) {
      open.code.push(text)
    } else {
      open = undefined
    }
  }
  return blocks
}

function block(file: string, line: number, lines: readonly string[], runs: boolean): DocBlock {
  const expected = lines.flatMap((text) => /\/\/ ?=> ?(.*)$/.exec(text)?.[1]?.trimEnd() ?? [])
  return { file, line, code: lines.join('\n'), runs, expected }
}

function filesUnder(folder: string, ending: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesUnder(path, ending)
      return entry.name.endsWith(ending) ? [path] : []
    })
}
