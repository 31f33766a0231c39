// A descriptor of a regular file (or of a device that never makes one wait): its calls run in Node's thread pool, one at a
// time, in the order in which they were asked for.
//
//   0 ------------ tell ------------------- position ------ end of file
//                    `---- read ahead ----'
//
// As long as nobody seeks, reads and writes move the kernel's own offset, so that a child that gets the descriptor goes on
// where we stand. Once it must differ from ours (`explicit`) every call names its position. A call under way cannot be
// stopped: its waiter goes on at once, and what it did counts all the same.
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { GreenhouseError } from '@greenhouse/scheduler'
import {
  complete,
  fail,
  refuse,
  wrongValue,
  type Operation,
  type Source,
} from '@greenhouse/scheduler/kernel'
import { ByteQueue } from './buffered-bytes.ts'
import { Line } from './buffered-line.ts'
import { WriteRequest } from './buffered-output.ts'
import { ReadRequest } from './buffered-requests.ts'
import type { Backend, Whence } from './fd-backend.ts'
import { close, fstat, fsync, ftruncate, read, write } from './fd-calls.ts'
import { locate } from './fd-offset.ts'
import type { Mode } from './fd-mode.ts'
import { ActRequest, type Answer } from './fd-requests.ts'
import { OutsideList } from './outside.ts'

/** How much is read ahead at least, and asked for at most in one call. */
const CHUNK = 65536
const LARGEST = 1 << 20

type FdRequest = ReadRequest | WriteRequest | ActRequest

export class PooledFd implements Backend {
  readonly isTTY: boolean = false
  readonly mode: Mode
  readonly seekable: boolean
  readonly line: Line<FdRequest>
  readonly closers: OutsideList<void>
  readonly bytes: ByteQueue = new ByteQueue()
  fd: number
  /** Where the next read begins: after what was read ahead. */
  position = 0
  /** Whether `position` is known; else the kernel's offset tells. */
  known: boolean
  explicit = false
  /** Counts what makes read bytes stale. */
  epoch = 0
  busy = false
  /** How often it was read on without a seek: the more, the larger the pieces. */
  rounds = 0
  closed = false
  /** @internal */
  closing = false
  /** @internal */
  serving = false
  /** @internal */
  closeError: unknown = undefined

  constructor(fd: number, mode: Mode, seekable: boolean, known: boolean, owner: Source['owner']) {
    this.fd = fd
    this.mode = mode
    this.seekable = seekable
    this.known = known
    this.line = new Line('File', owner, true)
    this.closers = new OutsideList<void>('File.close', null, owner)
  }

  get ready(): ByteQueue | null {
    return this.closed || this.busy || this.line.size > 0 ? null : this.bytes
  }

  drained(): void {}

  ask<T>(request: ReadRequest, options: WaitOptions | undefined): Blocking<T> {
    const refused = refuse(options) ?? this.refuseUse(this.mode.readable, 'reading')
    if (refused !== null) return refused
    request.keeper = this
    if (this.line.size === 0 && !this.busy) {
      const count = request.count(this.bytes, false)
      if (count >= 0) return this.line.complete(request, this.answer(request, count) as T)
    }
    return this.enter(request, options)
  }

  write(request: WriteRequest, options: WaitOptions | undefined): Blocking<void> {
    const refused = refuse(options) ?? this.refuseUse(this.mode.writable, 'writing')
    if (refused !== null) return refused
    request.output = this
    if (request.rest.length === 0 && this.line.size === 0 && !this.busy) return complete(undefined)
    return this.enter(request, options)
  }

  seek(offset: number, whence: Whence, options: WaitOptions | undefined): Blocking<number> {
    const from = whence === 0 ? 'start' : whence === 1 ? 'current' : whence === 2 ? 'end' : whence
    return this.act('File.seek', options, (answer) => {
      if (!this.seekable) return answer(unseekable())
      const arrive = (error: unknown, base = 0): void => {
        if (error !== null) return answer(error)
        const target = base + offset
        if (target < 0) return answer(before(offset, from))
        this.forget(target)
        answer(null, target)
      }
      if (from === 'start') arrive(null)
      else if (from === 'current') this.whereabouts(arrive)
      else fstat(this.fd, (error, stats) => arrive(error, stats?.size))
    })
  }

  tell(options: WaitOptions | undefined): Blocking<number> {
    return this.act('File.tell', options, (answer) => {
      if (this.seekable) this.whereabouts(answer)
      else answer(unseekable())
    })
  }

  truncate(size: number | undefined, options: WaitOptions | undefined): Blocking<void> {
    return this.act('File.truncate', options, (answer) => {
      if (!this.seekable) return answer(unseekable())
      this.whereabouts((error, here) => {
        if (error !== null) return answer(error)
        if (this.bytes.size > 0) this.forget(here!)
        ftruncate(this.fd, size ?? here!, (failure) => answer(failure))
      })
    })
  }

  sync(options: WaitOptions | undefined): Blocking<void> {
    return this.act('File.sync', options, (answer) => fsync(this.fd, (error) => answer(error)))
  }

  /** What was asked for before comes first; nothing stops the close itself. */
  close(options: WaitOptions | undefined): Blocking<void> {
    this.closed = true
    this.serve()
    const refused = refuse(options)
    if (refused !== null) return refused
    if (this.fd !== -1) return this.closers.park(undefined, options)
    const { closeError } = this
    this.closeError = undefined
    return closeError === undefined ? complete(undefined) : fail(closeError)
  }

  withdraw(operation: Operation): void {
    this.line.withdraw(operation)
    this.serve()
  }

  takeBack(request: ReadRequest): void {
    if (request.epoch === this.epoch) this.bytes.putBack(request.taken, request.place)
  }

  readable(): boolean {
    return true
  }

  writable(): boolean {
    return true
  }

  watch(): () => void {
    return () => {}
  }

  statistics(): { bytes: number; waiting: number; closed: boolean } {
    return { bytes: this.bytes.size, waiting: this.line.size, closed: this.closed }
  }

  /** @internal */
  enter<T>(request: FdRequest, options: WaitOptions | undefined): Blocking<T> {
    const blocking = this.line.park<T>(request, options)
    this.serve()
    return blocking
  }

  /** @internal */
  act<T>(
    kind: string,
    options: WaitOptions | undefined,
    act: (answer: Answer) => void,
  ): Blocking<T> {
    return (
      refuse(options) ??
      this.refuseUse(true, '') ??
      this.enter<T>(new ActRequest(kind, this, act), options)
    )
  }

  /** @internal Answers whom it can, and begins the next call. */
  serve(): void {
    if (this.serving) return
    this.serving = true
    for (let request: FdRequest | null; !this.busy && (request = this.line.first) !== null;) {
      if (request instanceof ReadRequest) this.advanceRead(request)
      else if (request instanceof WriteRequest) this.advanceWrite(request)
      else this.begin(request, request.act)
    }
    this.serving = false
    if (this.closed && !this.busy && !this.closing) this.finish()
  }

  /** @internal */
  advanceRead(request: ReadRequest): void {
    const count = request.count(this.bytes, request.ended)
    if (count >= 0) return this.line.resume(this.answer(request, count))
    const wanted = Math.max(request.wanted(this.bytes), CHUNK << Math.min(this.rounds++, 3))
    const chunk = Buffer.allocUnsafeSlow(Math.min(wanted, LARGEST))
    this.busy = true
    const position = this.explicit ? this.position : null
    read(this.fd, chunk, 0, chunk.length, position, (error, size) => {
      if (error === null) {
        this.position += size
        if (size === 0) request.ended = true
        // A small read does not hold the memory of a large one.
        else this.bytes.push(trimmed(chunk, size))
      }
      this.over(request, error, false)
    })
  }

  /** @internal */
  advanceWrite(request: WriteRequest): void {
    if (this.bytes.size > 0 && !this.mode.append) {
      if (this.known) this.forget(this.position - this.bytes.size)
      else return this.find(request)
    }
    const piece = request.piece(LARGEST)
    if (piece === null) return this.line.resume(undefined)
    this.busy = true
    const position = this.mode.append || !this.explicit ? null : this.position
    write(this.fd, piece, 0, piece.length, position, (error, size) => {
      if (error === null) {
        request.wrote(size)
        if (this.mode.append) this.appended()
        else this.position += size
      }
      this.over(request, error, false)
    })
  }

  /** @internal */
  begin(request: ActRequest, act: (answer: Answer) => void): void {
    this.busy = true
    act((error, value) => this.over(request, error, true, value))
  }

  /** @internal A call is over, and with it the request itself where `last`. */
  over(request: FdRequest, error: unknown, last: boolean, value?: unknown): void {
    this.busy = false
    // Its waiter may have gone meanwhile.
    if (this.line.first === request) {
      if (error !== null && error !== undefined) this.line.fail(error)
      else if (last) this.line.resume(value)
    }
    this.serve()
  }

  /** @internal Finds out where we stand, for a request that then goes on. */
  find(request: FdRequest): void {
    this.busy = true
    this.whereabouts((error) => this.over(request, error, false))
  }

  /** @internal */
  whereabouts(answer: (error: unknown, here?: number) => void): void {
    if (this.known) return answer(null, this.position - this.bytes.size)
    locate(this.fd, this.mode.append, (error, offset) => {
      if (error === null) {
        this.known = true
        this.position = offset!
      }
      answer(error, this.position - this.bytes.size)
    })
  }

  /** @internal What was read ahead is dropped. */
  forget(position: number): void {
    this.explicit = this.known = true
    this.position = position
    this.dropAhead()
  }

  /** @internal The kernel has written at the end of the file, wherever that was. */
  appended(): void {
    this.explicit = this.known = false
    this.dropAhead()
  }

  /** @internal */
  dropAhead(): void {
    this.bytes.clear()
    this.epoch++
    this.rounds = 0
  }

  /** @internal */
  answer(request: ReadRequest, count: number): unknown {
    request.epoch = this.epoch
    return request.answer(this.bytes, count)
  }

  /** @internal */
  finish(): void {
    if (this.line.size > 0) return
    this.closing = true
    close(this.fd, (error) => {
      this.fd = -1
      if (error === null) this.closers.wakeAll(undefined)
      else if (this.closers.size > 0) this.closers.failAll(() => error)
      else this.closeError = error
    })
  }

  /** @internal */
  refuseUse(open: boolean, use: string): Blocking<never> | null {
    if (this.closed) return fail(new GreenhouseError('GH_CLOSED', 'The file is closed'))
    return open ? null : fail(notOpenFor(use, this.mode))
  }
}

export function notOpenFor(use: string, mode: Mode): GreenhouseError {
  return new GreenhouseError(
    'GH_UNSUPPORTED',
    `The file is not open for ${use} (its mode is '${mode.text}')`,
  )
}

export function unseekable(): GreenhouseError {
  return new GreenhouseError('GH_UNSUPPORTED', 'The file has no positions: it is no regular one')
}

function before(offset: number, from: string): unknown {
  try {
    return wrongValue('offset', `no position before the start (from the ${from})`, offset)
  } catch (error) {
    return error
  }
}

function trimmed(chunk: Buffer, size: number): Buffer {
  const part = chunk.subarray(0, size) as Buffer
  return size * 2 < chunk.length ? Buffer.from(part) : part
}
