// Child processes of the root scripts.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')

/** How to start npm: through the CLI that runs this script, else by name. */
export function npm() {
  const cli = process.env.npm_execpath ?? ''
  return cli.endsWith('.js')
    ? { command: process.execPath, prefix: [cli] }
    : { command: process.platform === 'win32' ? 'npm.cmd' : 'npm', prefix: [] }
}

/** Runs a Node program in the root folder on this terminal; resolves with its exit code. */
export async function runNode(args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  const forward = (signal) => child.kill(signal)
  process.on('SIGTERM', forward)
  process.on('SIGINT', () => {})
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (...outcome) => resolve(outcome))
  })
  process.off('SIGTERM', forward)
  return signal === null ? code : 1
}
