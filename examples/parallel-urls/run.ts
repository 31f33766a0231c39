// The whole program as a function: from arguments to exit code.
import { parseOptions, usage, UsageError, type Options } from './cli.ts'
import { grabList } from './grab-list.ts'
import { defaultPages } from './pages.ts'
import { screenOn, type Output } from './screen.ts'
import { tour } from './tour.ts'

export async function run(args: string[], stdout: Output, stderr: Output): Promise<number> {
  let options: Options
  try {
    options = parseOptions(args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    stderr.write(`${error.message}\n\n${usage}\n`)
    return 2
  }
  if (options.help) {
    stdout.write(`${usage}\n`)
    return 0
  }
  const screen = screenOn(stdout)
  const failed =
    options.urls.length > 0
      ? await grabList(options, screen)
      : await tour({ ...options, pages: { ...defaultPages, count: options.pages } }, screen)
  return failed === 0 ? 0 : 1
}
