// A child that did not do as it should.
import { GreenhouseError, type GreenhouseErrorCode } from '@greenhouse/scheduler'
import type { ProcessResult } from './process-result.ts'

/**
 * A child process failed: `GH_PROCESS` when it did not exit with 0, `GH_FULL` when it wrote more than was allowed and was
 * killed. Has what came of it.
 */
export class ProcessError<T extends Buffer | string = Buffer | string> extends GreenhouseError {
  override name = 'ProcessError'
  /** How it was called: the command and its arguments. */
  readonly command: readonly string[]
  /** What it came to; where it was killed for writing too much, what was kept of that. */
  readonly result: ProcessResult<T>

  /** @internal */
  constructor(
    code: 'GH_PROCESS' | 'GH_FULL',
    message: string,
    command: readonly string[],
    result: ProcessResult<T>,
  ) {
    super(code as GreenhouseErrorCode, message)
    this.command = command
    this.result = result
  }
}

/** `make all` failed: exit code 2 … and the last of what it wrote to stderr. */
export function failed<T extends Buffer | string>(
  command: readonly string[],
  result: ProcessResult<T>,
): ProcessError<T> {
  const { code, signal, stderr } = result
  const how = code === null ? `was killed by ${signal}` : `exited with code ${code}`
  const said = stderr.toString().trim().slice(-500)
  const message = `\`${command.join(' ')}\` ${how}${said === '' ? '' : `: ${said}`}`
  return new ProcessError('GH_PROCESS', message, command, result)
}
