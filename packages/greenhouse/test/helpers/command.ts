// Runs programs by the command, as it is bundled from its sources.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'
import { bundled, type Bundled } from './bundle.ts'

/** What came of a program. */
export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
  readonly signal: string | null
}

/** Writes files, by their paths, to a new folder that lasts as long as the test; gives the folder. */
export function written(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'greenhouse-program-')))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** How to run a program: under plain node, by the command, or by `--import greenhouse/register`. */
export type Way = 'node' | 'run' | 'explain' | 'register'

const WAYS: Readonly<Record<Way, (bundle: Bundled) => readonly string[]>> = {
  node: () => [],
  run: ({ command }) => [command, 'run'],
  explain: ({ command }) => [command, 'explain'],
  register: ({ register }) => ['--import', pathToFileURL(register).href],
}

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  readonly act?: (child: ReturnType<typeof spawn>) => void
}

/** Runs a program in its folder; `input` is what it reads. */
export async function ran(
  way: Way,
  folder: string,
  args: readonly string[],
  { nodeArgs = [], ...options }: RunOptions & { readonly nodeArgs?: readonly string[] } = {},
): Promise<Ran> {
  return ranNode(folder, [...nodeArgs, ...WAYS[way](await bundled()), ...args], options)
}

/** Runs node. */
export async function ranNode(
  folder: string,
  args: readonly string[],
  { input = '', act, env }: RunOptions = {},
): Promise<Ran> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, GREENHOUSE_CACHE: 'off', NO_COLOR: '1', NODE_OPTIONS: '', ...env },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  act?.(child)
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('close', (...ending) => resolve(ending)),
  )
  return { stdout, stderr, code, signal }
}
