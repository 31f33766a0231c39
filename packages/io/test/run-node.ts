// Runs a program on the sources, in a process of its own.
import { spawnSync, type SpawnSyncOptions } from 'node:child_process'

const FLAGS = ['--conditions=@greenhouse/source', '--import', 'tsx', '--input-type=module', '-e']

/** A command line that runs a program. */
export function nodeLine(program: string): string[] {
  return [process.execPath, ...FLAGS, program]
}

/** What a program printed, and its exit code. `prefix` is a command that runs another. */
export function runNode(
  program: string,
  { prefix = [], ...options }: SpawnSyncOptions & { prefix?: string[] } = {},
): { stdout: string; stderr: string; status: number | null } {
  const [command, ...args] = [...prefix, ...nodeLine(program)]
  const env = { ...process.env, NODE_OPTIONS: '' }
  const { stdout, stderr, status, error } = spawnSync(command!, args, {
    encoding: 'utf8',
    env,
    timeout: 60_000,
    ...options,
  })
  if (error !== undefined) throw error
  return { stdout: String(stdout ?? ''), stderr: String(stderr ?? ''), status }
}
