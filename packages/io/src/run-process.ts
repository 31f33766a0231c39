// Running a command from its start to its end.
import type { Blocking } from '@greenhouse/scheduler'
import { checkOptions, wrongType, wrongValue } from '@greenhouse/scheduler/kernel'
import { call } from './core/call.ts'
import { NO_HEADS, Process } from './process.ts'
import { failed } from './process-error.ts'
import {
  checkCommand,
  checkCommunicate,
  checkSpawnOptions,
  type RunOptions,
} from './process-options.ts'
import type { ProcessOutput, ProcessResult } from './process-result.ts'

/**
 * Runs a command, and waits until it has ended and all of its output has come.
 *
 * Ended, timed out or aborted, it kills the command and all of its children that stayed in its process group: SIGTERM now, SIGKILL
 * after `graceMs`. The call itself fails at once; the process lives on until the child is gone.
 *
 * @param command - A program, looked up in PATH.
 * @param args - Its arguments, each passed on as it is: no shell interprets them unless `shell` is given.
 * @param options - `timeoutMs`, `signal`, `input`, `encoding`, `check`, `maxBufferBytes`, `cwd`, `env`, `shell`,
 *   `stdin`, `stdout`, `stderr`, `ownGroup`, `graceMs`, …
 * @returns `{ code, signal, stdout, stderr }`, Buffers or with an `encoding` strings.
 * @throws Node's own error when it cannot be started (ENOENT); a ProcessError: {GH_PROCESS} with `check` when it did not exit with
 *   0, {GH_FULL} past `maxBufferBytes`; {GH_TIMEOUT}; {GH_INVALID_ARGUMENT}; the signal's reason.
 * @example
 * ```ts
 * import { runProcess } from '@greenhouse/io'
 *
 * const { code, stdout } = await runProcess('tr', ['a-z', 'A-Z'], { input: 'hello', encoding: 'utf8' })
 * console.log(code, stdout) // => 0 HELLO
 * ```
 *
 * Source: subprocess.Popen and os.popen of Python, which the original made green.
 */
export function runProcess<E extends BufferEncoding | undefined = undefined>(
  command: string,
  args: readonly string[] = [],
  options: RunOptions<E> = {},
): Blocking<ProcessResult<ProcessOutput<E>>> {
  checkCommand(command, args)
  checkOptions('options', options)
  const { input, check = false, timeoutMs, signal, maxBufferBytes } = options
  if (typeof check !== 'boolean') wrongType('options.check', 'a boolean', check)
  checkSpawnOptions(options)
  checkCommunicate(input, options)
  const { stdin = input === undefined ? 'ignore' : 'pipe' } = options
  if (input !== undefined && stdin !== 'pipe') {
    wrongValue('options.stdin', "'pipe' where there is input", stdin)
  }
  return call('runProcess', { timeoutMs, signal }, (done) => {
    let process: Process<E>
    try {
      process = new Process<E>(command, args, { ...options, stdin })
    } catch (error) {
      done(error)
      return undefined
    }
    return process.gather(input, NO_HEADS, maxBufferBytes, (error, result) => {
      if (error === null && check && result!.code !== 0) done(failed(process.command, result!))
      else done(error, result)
    })
  })
}
