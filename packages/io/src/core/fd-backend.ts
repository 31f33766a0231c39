// What stands behind a file: a descriptor that Node's thread pool reads and writes, or one that libuv polls.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import type { Input } from './buffered-input.ts'
import type { Output } from './buffered-output.ts'
import type { Pollable } from './pollable.ts'

/** From where `seek` counts: as words, or as the numbers of POSIX. */
export type Whence = 'start' | 'current' | 'end' | 0 | 1 | 2

export interface Backend extends Input, Output, Pollable {
  readonly fd: number
  readonly isTTY: boolean
  seek(offset: number, whence: Whence, options: WaitOptions | undefined): Blocking<number>
  tell(options: WaitOptions | undefined): Blocking<number>
  truncate(size: number | undefined, options: WaitOptions | undefined): Blocking<void>
  sync(options: WaitOptions | undefined): Blocking<void>
  close(options: WaitOptions | undefined): Blocking<void>
  statistics(): { readonly bytes: number; readonly waiting: number; readonly closed: boolean }
}
