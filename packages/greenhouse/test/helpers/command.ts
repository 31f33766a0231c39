// Runs programs by the command, from its sources.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const command = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const register = new URL('../../src/register.ts', import.meta.url).href

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

const WAYS: Readonly<Record<Way, readonly string[]>> = {
  node: [],
  run: [command, 'run'],
  explain: [command, 'explain'],
  register: ['--import', register],
}

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  readonly act?: (child: ReturnType<typeof spawn>) => void
}

/** Runs a program in its folder; `input` is what it reads. */
export function ran(
  way: Way,
  folder: string,
  args: readonly string[],
  { nodeArgs = [], ...options }: RunOptions & { readonly nodeArgs?: readonly string[] } = {},
): Promise<Ran> {
  const sources = way === 'node' ? [] : ['--import', tsx, '--conditions=@greenhouse/source']
  return ranNode(folder, [...nodeArgs, ...sources, ...WAYS[way], ...args], options)
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
