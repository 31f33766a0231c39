// Opening, and finding out what a descriptor is: that decides who does its I/O.
import type { Stats } from 'node:fs'
import { Socket } from 'node:net'
import { isatty, ReadStream, WriteStream } from 'node:tty'
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import type { Source } from '@greenhouse/scheduler/kernel'
import { call, type Done } from './call.ts'
import type { Backend } from './fd-backend.ts'
import { close, fstat, open, stat } from './fd-calls.ts'
import type { Mode } from './fd-mode.ts'
import { PolledFd, type Streams } from './fd-polled.ts'
import { PooledFd } from './fd-pooled.ts'

/** A descriptor, and what it is. */
export interface Opened {
  readonly fd: number
  readonly stats: Stats
}

/**
 * Opens without ever waiting in the thread pool. A FIFO opened for writing that nobody reads is tried again and again: the
 * system does not tell when its reader comes.
 */
export function openFd<T>(
  path: string | Buffer | URL,
  mode: Mode,
  permissions: number,
  options: WaitOptions | undefined,
  make: (opened: Opened) => T,
  giveBack: (made: T) => void,
): Blocking<T> {
  return call<T>(
    'open',
    options,
    (done) => {
      const attempt = new Attempt(path, mode, permissions, (error, opened) => {
        if (error === null) settle(done, make, opened!)
        else done(error)
      })
      attempt.begin()
      return () => attempt.stop()
    },
    giveBack,
  )
}

/** Chooses who does the I/O of a descriptor. */
export function backendOf(
  { fd, stats }: Opened,
  mode: Mode,
  fresh: boolean,
  owner: Source['owner'],
): Backend {
  const isTTY = stats.isCharacterDevice() && isatty(fd)
  if (isTTY) return new PolledFd(fd, true, mode, terminal(fd, mode), owner)
  if (stats.isFIFO() || stats.isSocket())
    return new PolledFd(fd, false, mode, polled(fd, mode), owner)
  return new PooledFd(fd, mode, stats.isFile() || stats.isBlockDevice(), fresh, owner)
}

function settle<T>(done: Done<T>, make: (opened: Opened) => T, opened: Opened): void {
  let made: T
  try {
    made = make(opened)
  } catch (error) {
    close(opened.fd, () => {})
    done(error)
    return
  }
  done(null, made)
}

const SOONEST_MS = 1
const LATEST_MS = 50

class Attempt {
  readonly path: string | Buffer | URL
  readonly mode: Mode
  readonly permissions: number
  readonly over: (error: unknown, opened?: Opened) => void
  stopped = false
  delayMs: number = SOONEST_MS
  timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    path: string | Buffer | URL,
    mode: Mode,
    permissions: number,
    over: (error: unknown, opened?: Opened) => void,
  ) {
    this.path = path
    this.mode = mode
    this.permissions = permissions
    this.over = over
  }

  begin(): void {
    open(this.path, this.mode.flags, this.permissions, (error, fd) => {
      if (error === null) this.look(fd)
      else if (error.code === 'ENXIO' && !this.stopped) this.wait(error)
      else this.over(error)
    })
  }

  look(fd: number): void {
    // Nobody waits any more: what came too late is closed.
    if (this.stopped) return close(fd, () => {})
    fstat(fd, (error, stats) => {
      if (error === null && !this.stopped) return this.over(null, { fd, stats })
      close(fd, () => {})
      if (!this.stopped) this.over(error)
    })
  }

  wait(error: unknown): void {
    stat(this.path, (_failure, stats) => {
      if (this.stopped) return
      if (stats === undefined || !stats.isFIFO()) return this.over(error)
      this.timer = setTimeout(() => this.begin(), this.delayMs)
      this.delayMs = Math.min(this.delayMs * 2, LATEST_MS)
    })
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
  }
}

function polled(fd: number, mode: Mode): Streams {
  const { readable, writable } = mode
  const socket = new Socket({
    fd,
    readable,
    writable,
    allowHalfOpen: true,
    manualStart: true,
  } as ConstructorParameters<typeof Socket>[0])
  socket.unref()
  return { readable: readable ? socket : null, writable: writable ? socket : null, owned: true }
}

/** Node opens a terminal anew, by its name, so as not to change it for others: the descriptor that was given is left over. */
function terminal(fd: number, { readable, writable }: Mode): Streams {
  const stream = readable ? new ReadStream(fd) : new WriteStream(fd)
  stream.unref()
  const own = (stream as unknown as { _handle: { fd: number } })._handle.fd
  return {
    readable: readable ? stream : null,
    writable: writable ? stream : null,
    owned: true,
    leftOver: own === fd ? undefined : fd,
  }
}
