// Commands that record to files: a trace, a CPU profile, a heap snapshot. The files are made for the owner alone, since they
// show what the process has in memory, and none that is there already is touched.
import { open, writeFile } from 'node:fs/promises'
import { createWriteStream } from 'node:fs'
import { Session, type Profiler } from 'node:inspector'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { getHeapSnapshot } from 'node:v8'
import { pauseFor, trace, type Trace } from '@greenhouse/scheduler'
import type { Command } from './command.ts'

export const recordingCommands: readonly Command[] = [
  {
    name: 'trace',
    usage: 'on FILE | off',
    help: 'Write what greenlets do to FILE, for Perfetto, until "off"',
    permission: 'record',
    async run(argument) {
      const [, on, file] = /^(on|off)(?:\s+(\S.*))?$/.exec(argument) ?? []
      if (on === 'on' && file !== undefined) return startTrace(file)
      if (on === 'off') return stopTrace()
      throw new Error('Usage: .trace on FILE, or .trace off')
    },
  },
  {
    name: 'profile',
    usage: 'SECONDS FILE',
    help: 'Record a CPU profile (.cpuprofile) for so long, or until Ctrl-C',
    permission: 'record',
    async run(argument, { print }) {
      const [, seconds, file] = /^(\d+(?:\.\d+)?)s?\s+(\S.*)$/.exec(argument) ?? []
      if (seconds === undefined || file === undefined) throw new Error('Usage: .profile 5s FILE')
      const path = await claim(file)
      print(`Recording for ${seconds} s\n`)
      await writeFile(path, JSON.stringify(await profile(Number(seconds) * 1000)))
      return `Wrote ${path}`
    },
  },
  {
    name: 'heap',
    usage: 'FILE',
    help: 'Write a heap snapshot (.heapsnapshot); the process stands still meanwhile',
    permission: 'record',
    async run(file) {
      if (file === '') throw new Error('Usage: .heap FILE')
      const path = await claim(file)
      await pipeline(getHeapSnapshot(), createWriteStream(path))
      return `Wrote ${path}`
    },
  },
]

/** There is one trace in the process, whoever began it. */
let running: { readonly trace: Trace; readonly path: string } | null = null

async function startTrace(file: string): Promise<string> {
  if (running !== null) throw new Error(`A trace is being written to ${running.path}`)
  const path = await claim(file)
  if (running !== null) throw new Error('Another trace was begun at the same time')
  running = { trace: trace(path), path }
  return `Tracing to ${path}`
}

async function stopTrace(): Promise<string> {
  const stopped = running
  if (stopped === null) throw new Error('No trace is being written')
  running = null
  await stopped.trace.stop()
  return `Wrote ${stopped.trace.events} events to ${stopped.path}`
}

/** Makes a new file that only its owner can read. */
async function claim(file: string): Promise<string> {
  const path = resolve(file)
  await (await open(path, 'wx', 0o600)).close()
  return path
}

/** Profiles for a while; an interruption ends it early, with what there is. */
async function profile(ms: number): Promise<Profiler.Profile> {
  const session = new Session()
  session.connect()
  const post = <T = void>(method: string): Promise<T> =>
    new Promise((resolved, reject) =>
      session.post(method, (error: Error | null, result?: object) =>
        error === null ? resolved(result as T) : reject(error),
      ),
    )
  try {
    await post('Profiler.enable')
    await post('Profiler.start')
    await pauseFor(ms).catch(() => {})
    return (await post<{ profile: Profiler.Profile }>('Profiler.stop')).profile
  } finally {
    session.disconnect()
  }
}
