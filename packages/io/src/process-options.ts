// How a child process is started.
import type { WaitOptions } from '@greenhouse/scheduler'
import {
  checkCount,
  checkDelay,
  checkOptions,
  wrongType,
  wrongValue,
} from '@greenhouse/scheduler/kernel'
import { encodingOf } from './core/buffered-options.ts'

/** Where a standard stream of a child leads: to us, to where our own leads, nowhere, or to an open descriptor. */
export type Stdio = 'pipe' | 'inherit' | 'ignore' | number

/** How a child is started. */
export interface SpawnOptions<E extends BufferEncoding | undefined = undefined> {
  /** Its working directory; ours by default. */
  readonly cwd?: string | URL | undefined
  /** Its whole environment; ours by default. */
  readonly env?: NodeJS.ProcessEnv | undefined
  /** Runs the command in a shell, which then interprets it and its arguments; false by default. Never with foreign input. */
  readonly shell?: boolean | string | undefined
  /** Its name for itself; the command by default. */
  readonly argv0?: string | undefined
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  /** The text encoding of what it writes; without one, reading gives Buffers. */
  readonly encoding?: E | undefined
  /**
   * Whether it leads a process group of its own, which is killed as one; true by default. Such a child has no terminal: use
   * false for one that is to talk to the user. Windows has no such groups.
   */
  readonly ownGroup?: boolean | undefined
  /** Milliseconds from SIGTERM to SIGKILL where it has to go; 1000 by default. */
  readonly graceMs?: number | undefined
}

/** How a `Process` is started. */
export interface ProcessOptions<
  E extends BufferEncoding | undefined = undefined,
> extends SpawnOptions<E> {
  /** `pipe` by default. */
  readonly stdin?: Stdio | undefined
  /** `pipe` by default. */
  readonly stdout?: Stdio | undefined
  /** `pipe` by default. */
  readonly stderr?: Stdio | undefined
}

/** How `communicate` waits. */
export interface CommunicateOptions extends WaitOptions {
  /** How many bytes of each stream are kept; the child is killed when it writes more. 104857600 (100 MiB) by default. */
  readonly maxBufferBytes?: number | undefined
}

/** How `runProcess` runs. Its stdin is `ignore` by default: there is nothing to read. */
export interface RunOptions<E extends BufferEncoding | undefined = undefined>
  extends ProcessOptions<E>, CommunicateOptions {
  /** What it reads, by a pipe. */
  readonly input?: string | Uint8Array | undefined
  /** Fails with a ProcessError unless it exits with 0; false by default. */
  readonly check?: boolean | undefined
}

export const DEFAULT_GRACE_MS = 1000
export const DEFAULT_MAX_BUFFER_BYTES: number = 100 * 1024 * 1024

export function checkCommand(command: unknown, args: unknown): void {
  if (typeof command !== 'string') wrongType('command', 'the name or path of a program', command)
  if (command === '') wrongValue('command', 'the name or path of a program', command)
  if (!Array.isArray(args) || args.some((arg) => typeof arg !== 'string')) {
    wrongType('args', 'an array of strings', args)
  }
}

export function checkSpawnOptions(options: ProcessOptions<BufferEncoding | undefined>): void {
  checkOptions('options', options)
  encodingOf(options)
  const { graceMs = DEFAULT_GRACE_MS, shell, ownGroup } = options
  checkDelay('options.graceMs', graceMs)
  if (shell !== undefined && typeof shell !== 'boolean' && typeof shell !== 'string') {
    wrongType('options.shell', 'a boolean or the path of a shell', shell)
  }
  if (ownGroup !== undefined && typeof ownGroup !== 'boolean') {
    wrongType('options.ownGroup', 'a boolean', ownGroup)
  }
  for (const name of ['stdin', 'stdout', 'stderr'] as const) {
    const to = options[name]
    if (to === undefined || to === 'pipe' || to === 'inherit' || to === 'ignore') continue
    if (typeof to === 'number' && Number.isInteger(to) && to >= 0) continue
    wrongValue(`options.${name}`, "'pipe', 'inherit', 'ignore' or a descriptor", to)
  }
}

export function checkCommunicate(input: unknown, options: CommunicateOptions | undefined): void {
  if (input !== undefined && typeof input !== 'string' && !(input instanceof Uint8Array)) {
    wrongType('input', 'a string or bytes', input)
  }
  checkOptions('options', options)
  checkCount('options.maxBufferBytes', options?.maxBufferBytes ?? 0, 0)
}
