// The modes in which a file is opened, as POSIX has them for fopen.
import { constants } from 'node:fs'
import { wrongType, wrongValue } from '@greenhouse/scheduler/kernel'

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants
// Neither a FIFO nor a terminal may keep a thread of the pool waiting. Windows has neither flag.
const { O_NOCTTY = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>

export interface Mode {
  readonly text: string
  readonly flags: number
  readonly readable: boolean
  readonly writable: boolean
  readonly append: boolean
}

const EXPECTED = "'r', 'r+', 'w', 'w+', 'a' or 'a+', with 'x' after w or a where it must not exist"

/** Reads a mode; `b` may stand in it and means nothing. */
export function modeOf(mode: unknown): Mode {
  if (typeof mode !== 'string') wrongType('mode', EXPECTED, mode)
  const kind = mode[0]
  const marks = mode.slice(1)
  const fits =
    (kind === 'r' || kind === 'w' || kind === 'a') &&
    /^[+xb]*$/.test(marks) &&
    new Set(marks).size === marks.length &&
    !(kind === 'r' && marks.includes('x'))
  if (!fits) wrongValue('mode', EXPECTED, mode)
  const both = marks.includes('+')
  let flags = both ? O_RDWR : kind === 'r' ? O_RDONLY : O_WRONLY
  if (kind === 'w') flags |= O_CREAT | O_TRUNC
  if (kind === 'a') flags |= O_CREAT | O_APPEND
  if (marks.includes('x')) flags |= O_EXCL
  return {
    text: mode,
    flags: flags | O_NOCTTY | O_NONBLOCK,
    readable: both || kind === 'r',
    writable: both || kind !== 'r',
    append: kind === 'a',
  }
}
