// The command line of the example: what may be said, and what is wrong with what was said.
import { readFileSync } from 'node:fs'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { defaultPages } from './pages.ts'

export const usage = `Grabs many URLs in parallel.

  npm start                        a tour: grabs the pages of a local server in five ways
  npm start -- URL URL ...         grabs these URLs
  npm start -- --file urls.txt     grabs the URLs of a file, one a line, # for comments

  --concurrency N    how many URLs at once (default 50)
  --timeout MS       how long one URL may take (default 10000)
  --pages N          the tour: how many pages (default 300)
  --with-failures    the tour: adds a dead host, a silent page, a 404 and a body cut short
  --help             shows this

The exit code is 1 when any URL failed, and 2 when the command line is wrong.`

export interface Options {
  readonly help: boolean
  /** Empty for the tour. */
  readonly urls: readonly string[]
  readonly concurrency: number
  readonly timeoutMs: number
  readonly pages: number
  readonly withFailures: boolean
}

/** Says that the command line is wrong, in words for the one who typed it. */
export class UsageError extends Error {}

const config = {
  allowPositionals: true,
  options: {
    file: { type: 'string' },
    concurrency: { type: 'string' },
    timeout: { type: 'string' },
    pages: { type: 'string' },
    'with-failures': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
} satisfies ParseArgsConfig

export function parseOptions(args: string[]): Options {
  const { values, positionals } = parse(args)
  const fromFile = values.file === undefined ? [] : readUrls(values.file)
  const urls = [...positionals, ...fromFile]
  if (urls.length > 0 && (values.pages !== undefined || values['with-failures'])) {
    throw new UsageError('`--pages` and `--with-failures` belong to the tour, which takes no URL')
  }
  return {
    help: values.help ?? false,
    urls,
    concurrency: count('--concurrency', values.concurrency, 50),
    timeoutMs: count('--timeout', values.timeout, 10_000),
    pages: count('--pages', values.pages, defaultPages.count),
    withFailures: values['with-failures'] ?? false,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ ...config, args })
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

function readUrls(file: string): string[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`Cannot read the URLs: ${(error as Error).message}`, { cause: error })
  }
  const urls = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  if (urls.length === 0) throw new UsageError(`There is no URL in ${file}`)
  return urls
}

function count(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1 && value < 2 ** 31) return value
  throw new UsageError(`Expected \`${name}\` to be an integer of at least 1, got \`${text}\``)
}
