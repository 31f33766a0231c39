// Servers and loads in processes of their own: the one on the first processor, the other on the second.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'

const pinned = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

/** Starts a program on a processor; gives the process, and what yields its lines. */
export function launch(processor, command, args = []) {
  const whole = pinned ? ['taskset', '-c', String(processor), command, ...args] : [command, ...args]
  const child = spawn(whole[0], whole.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => {
    const { done, value } = await lines.next()
    if (done)
      throw new Error(`${command} ${args.join(' ')} ended (${child.exitCode ?? child.signalCode})`)
    return value
  }
  return { child, line }
}

/** Runs `use` with a server that has told its port, then kills it. */
export async function withServer(command, args, use, processor = 0) {
  const { child, line } = launch(processor, command, args)
  try {
    return await use({ port: Number(await line()), pid: child.pid })
  } finally {
    const ended = once(child, 'exit')
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await ended
    }
  }
}

/** CPU time that all threads of a process have used so far, in nanoseconds; NaN where the system does not say it. */
export function cpuNs(pid) {
  try {
    let sum = 0
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
    }
    return sum
  } catch {
    return NaN
  }
}

/** Resident memory of a process in bytes; NaN where the system does not say it. */
export function residentBytes(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
  } catch {
    return NaN
  }
}
