// A child process in blocking style.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { GreenhouseError } from '@greenhouse/scheduler'
import { checkDelay, checkOptions, fail, inspectable, refuse } from '@greenhouse/scheduler/kernel'
import { gather, type Heads } from './communicate.ts'
import { call, type Done } from './core/call.ts'
import { PipeReader } from './pipe-reader.ts'
import { PipeWriter } from './pipe-writer.ts'
import { Child } from './process-child.ts'
import { ProcessError } from './process-error.ts'
import {
  checkCommand,
  checkCommunicate,
  checkSpawnOptions,
  DEFAULT_MAX_BUFFER_BYTES,
  type CommunicateOptions,
  type ProcessOptions,
} from './process-options.ts'
import type { ProcessExit, ProcessOutput, ProcessResult } from './process-result.ts'

/**
 * A child process, started at once. It keeps this process alive; it is told to go when this process ends, by a signal or by
 * itself, where Node can do that (not on SIGKILL).
 *
 * A command that cannot be started fails where the child is first waited for, with Node's own error (ENOENT, EACCES).
 * A child whose stdout and stderr nobody reads stops when they are full: read, `communicate`, or lead them elsewhere. `stop` closes
 * what is open.
 *
 * @param command - A program, looked up in PATH.
 * @param args - Its arguments, each passed on as it is: no shell interprets them.
 * @param options - `cwd`, `env`, `stdin`, `stdout`, `stderr`, `encoding`, `shell`, `ownGroup`, `graceMs`, …
 * @throws {GH_INVALID_ARGUMENT}; Node's own error where the system refuses outright (E2BIG).
 * @example
 * ```ts
 * import { Process } from '@greenhouse/io'
 *
 * const sort = new Process('sort', [], { encoding: 'utf8' })
 * await sort.stdin.write('b\na\n')
 * await sort.stdin.close()
 * for await (const line of sort.stdout) console.log(line.trimEnd())
 * console.log(await sort.wait())
 * // => a
 * // => b
 * // => { code: 0, signal: null }
 * ```
 *
 * Source: subprocess.Popen of Python, which the original made green. Differs: see `communicate` on time-outs.
 */
export class Process<E extends BufferEncoding | undefined = undefined> {
  /** The command and its arguments. */
  readonly command: readonly string[]
  /** @internal */
  readonly child: Child
  /** @internal */
  readonly encoding: BufferEncoding | undefined
  /** @internal */
  readonly ends: {
    stdin?: PipeWriter
    stdout?: PipeReader<ProcessOutput<E>>
    stderr?: PipeReader<ProcessOutput<E>>
  } = {}
  /** @internal */
  communicated = false

  constructor(command: string, args: readonly string[] = [], options: ProcessOptions<E> = {}) {
    checkCommand(command, args)
    checkSpawnOptions(options)
    this.command = [command, ...args]
    this.encoding = options.encoding
    this.child = new Child(command, args, options)
    inspectable('Process', this)
  }

  /** Its number; undefined where it could not be started. */
  get pid(): number | undefined {
    return this.child.pid
  }

  /** Its exit code; null while it runs, and where a signal killed it. */
  get exitCode(): number | null {
    return this.child.exit?.code ?? null
  }

  /** The signal that killed it, or null. */
  get signalCode(): NodeJS.Signals | null {
    return this.child.exit?.signal ?? null
  }

  /** Whether it has not ended. */
  get running(): boolean {
    return !this.child.over
  }

  /** What it reads. Throws {GH_INVALID_STATE} where that is no pipe. */
  get stdin(): PipeWriter {
    const stream = this.child.stdin ?? this.noPipe('stdin')
    return (this.ends.stdin ??= PipeWriter.from(stream, { encoding: this.encoding }))
  }

  /** What it writes. Throws {GH_INVALID_STATE} where that is no pipe. */
  get stdout(): PipeReader<ProcessOutput<E>> {
    return this.reader('stdout')
  }

  /** What it writes of errors. Throws {GH_INVALID_STATE} where that is no pipe. */
  get stderr(): PipeReader<ProcessOutput<E>> {
    return this.reader('stderr')
  }

  /**
   * Waits until the child has ended. Its output may still be there to read.
   *
   * Ended, timed out or aborted, it only stops waiting.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns `{ code, signal }`.
   * @throws Node's own error when it could not be started; {GH_TIMEOUT}; the signal's reason.
   *
   * Source: subprocess.Popen.wait
   */
  wait(options?: WaitOptions): Blocking<ProcessExit> {
    return this.child.wait(options)
  }

  /**
   * Gives the child its input, reads all of its output, and waits until it has ended and both streams too.
   *
   * Ended, timed out or aborted, it kills the child's group: SIGTERM now, SIGKILL after `graceMs`. The call itself fails at
   * once; `wait` tells when the child is gone.
   *
   * @param input - A string or bytes; stdin is closed after it. Nothing by default.
   * @param options - `timeoutMs`, `signal`, `maxBufferBytes`.
   * @returns `{ code, signal, stdout, stderr }`; a code other than 0 is no error.
   * @throws Node's own errors; {GH_TIMEOUT}; {GH_FULL} (a ProcessError) past `maxBufferBytes`; {GH_INVALID_STATE} at a second
   *   call, or while others read; the signal's reason.
   * @example
   * ```ts
   * import { Process } from '@greenhouse/io'
   *
   * const { stdout } = await new Process('cat', [], { encoding: 'utf8' }).communicate('hello')
   * console.log(stdout) // => hello
   * ```
   *
   * Source: subprocess.Popen.communicate. Differs: a time-out kills the child.
   */
  communicate(
    input?: string | Uint8Array,
    options?: CommunicateOptions,
  ): Blocking<ProcessResult<ProcessOutput<E>>> {
    checkCommunicate(input, options)
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.communicated) return fail(invalid('communicate was called before'))
    const heads = this.heads()
    if (heads === null) return fail(invalid('Somebody reads from the child'))
    this.communicated = true
    // No time at all: it is told to go before anything is tried.
    if (options?.timeoutMs === 0) this.child.abandon()
    return call('Process.communicate', options, (done) =>
      this.gather(input, heads, options?.maxBufferBytes, done),
    )
  }

  /**
   * Sends a signal to the child alone.
   *
   * @param signal - Its name; SIGTERM by default.
   * @returns whether it was still there.
   * @throws Node's own errors (ERR_UNKNOWN_SIGNAL).
   *
   * Source: subprocess.Popen.send_signal
   */
  sendSignal(signal: NodeJS.Signals = 'SIGTERM'): boolean {
    return this.child.signal(signal)
  }

  /**
   * Sends a signal to the child and all of its group.
   *
   * @param signal - Its name; SIGKILL by default.
   * @returns whether anybody was still there.
   * @throws Node's own errors (ERR_UNKNOWN_SIGNAL).
   *
   * Source: subprocess.Popen.kill. Differs: reaches the children's children.
   */
  kill(signal: NodeJS.Signals = 'SIGKILL'): boolean {
    return this.child.signalAll(signal)
  }

  /**
   * Makes the child and all of its group go, waits until it has ended, and closes its streams: SIGTERM, after some time SIGKILL.
   * One that has ended already only has its streams closed.
   *
   * Ended or aborted, it stops waiting; the child goes all the same.
   *
   * @param options - `timeoutMs`: milliseconds from SIGTERM to SIGKILL, 0 for SIGKILL at once, `graceMs` by default; `signal`.
   * @returns `{ code, signal }`.
   * @throws Node's own error when it could not be started; the signal's reason.
   */
  stop(options?: WaitOptions): Blocking<ProcessExit> {
    checkOptions('options', options)
    const { timeoutMs = this.child.graceMs, signal } = options ?? {}
    checkDelay('options.timeoutMs', timeoutMs)
    const refused = refuse({ signal })
    if (refused !== null) return refused
    // A second call may be in more of a hurry.
    if (this.child.ending && timeoutMs === 0) this.child.kill()
    this.child.abandon(timeoutMs)
    return this.child.wait({ signal })
  }

  /** As `stop`. */
  [Symbol.asyncDispose](): Blocking<ProcessExit> {
    return this.stop()
  }

  /** How things stand. */
  statistics(): { pid: number | undefined; running: boolean; exitCode: number | null } {
    return { pid: this.pid, running: this.running, exitCode: this.exitCode }
  }

  /** @internal */
  gather(
    input: string | Uint8Array | undefined,
    heads: Heads,
    maxBufferBytes: number | undefined,
    done: Done<ProcessResult<ProcessOutput<E>>>,
  ): () => void {
    const max = maxBufferBytes ?? DEFAULT_MAX_BUFFER_BYTES
    const tooMuch = (name: string, result: ProcessResult): Error => {
      const message = `The ${name} of \`${this.command.join(' ')}\` exceeds ${max} bytes`
      return new ProcessError('GH_FULL', message, this.command, this.decoded(result))
    }
    return gather(this.child, input, heads, max, tooMuch, (error, result) => {
      if (error === null) done(null, this.decoded(result!))
      else done(error)
    })
  }

  /** @internal What the readers hold already; null while somebody waits for more. */
  heads(): Heads | null {
    const heads: { stdout: Buffer; stderr: Buffer } = { ...NO_HEADS }
    for (const name of ['stdout', 'stderr'] as const) {
      const input = this.ends[name]?.input
      if (input === undefined) continue
      if (input.readers.size > 0) return null
      input.pull()
      const taken = { chunk: heads[name], start: 0, end: 0 }
      input.bytes.take(input.bytes.size, taken)
      heads[name] = taken.chunk.subarray(taken.start, taken.end)
    }
    return heads
  }

  /** @internal */
  decoded(result: ProcessResult): ProcessResult<ProcessOutput<E>> {
    const { encoding } = this
    if (encoding === undefined) return result as ProcessResult<ProcessOutput<E>>
    const stdout = result.stdout.toString(encoding) as ProcessOutput<E>
    return { ...result, stdout, stderr: result.stderr.toString(encoding) as ProcessOutput<E> }
  }

  /** @internal */
  reader(name: 'stdout' | 'stderr'): PipeReader<ProcessOutput<E>> {
    const stream = this.child[name] ?? this.noPipe(name)
    return (this.ends[name] ??= PipeReader.from(stream, {
      encoding: this.encoding,
    } as never) as never)
  }

  /** @internal */
  noPipe(name: string): never {
    throw invalid(`The ${name} of \`${this.command.join(' ')}\` is no pipe`)
  }
}

/** Nothing was read before. */
export const NO_HEADS: Heads = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }

function invalid(message: string): GreenhouseError {
  return new GreenhouseError('GH_INVALID_STATE', message)
}
