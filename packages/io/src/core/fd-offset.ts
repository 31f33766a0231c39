// The kernel's own offset of a descriptor, which Node has no call for.
import { GreenhouseError } from '@greenhouse/scheduler'
import { fstat, readFile } from './fd-calls.ts'

/** Gives the offset. On systems that do not tell it, a file that is appended to stands at its end. */
export function locate(
  fd: number,
  append: boolean,
  answer: (error: unknown, offset?: number) => void,
): void {
  readFile(`/proc/self/fdinfo/${fd}`, 'latin1', (error, text) => {
    const found = error === null ? /^pos:\s*(\d+)$/m.exec(text) : null
    if (found !== null) answer(null, Number(found[1]))
    else if (append) fstat(fd, (failure, stats) => answer(failure, stats?.size))
    else answer(unknown())
  })
}

function unknown(): GreenhouseError {
  return new GreenhouseError(
    'GH_UNSUPPORTED',
    'This system does not tell the position of a descriptor from elsewhere: seek from the start first',
  )
}
