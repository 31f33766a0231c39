// What tests of processes look at: who lives, who is a zombie, which descriptors are open.
import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export const onLinux: boolean = process.platform === 'linux'

/** The state letter and the parent of a process, from /proc; null when it is gone. */
function status(pid: number | string): { state: string; parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name, in brackets, may hold anything.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: state!, parent: Number(parent) }
  } catch {
    return null
  }
}

/** Whether a process runs; a zombie, which waits for its parent to notice, does not. */
export function alive(pid: number): boolean {
  if (onLinux) {
    const seen = status(pid)
    return seen !== null && seen.state !== 'Z' && seen.state !== 'X'
  }
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Our own children that have ended and that nobody has waited for. */
export function zombies(): string[] {
  if (!onLinux) return []
  return readdirSync('/proc').filter((name) => {
    const seen = /^\d+$/.test(name) ? status(name) : null
    return seen !== null && seen.parent === process.pid && seen.state === 'Z'
  })
}

/** How many descriptors are open. */
export function descriptors(): number {
  return onLinux ? readdirSync('/proc/self/fd').length : 0
}

/** Runs a program on the sources of the packages. */
export function program(source: string): ChildProcess {
  const flags = ['--conditions=@greenhouse/source', '--import', 'tsx', '--input-type=module', '-e']
  return spawn(process.execPath, [...flags, source], { cwd: import.meta.dirname })
}

/** All that a program writes, and how it ends. */
export async function outcomeOf(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
    })
  }
  return await new Promise((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, ...text })),
  )
}
