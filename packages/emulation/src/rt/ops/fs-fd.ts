// Opening, reading and writing. Regular files and devices go through libuv's pool, what may wait for others does not.
import fs from 'node:fs'
import { op, type Done, type Primitive } from '../op.ts'
import { closeStream, mayWait, readableOf, writableOf } from './fd-streams.ts'
import { readAll, readSome } from './fd-read.ts'
import { openFifo, readFifo } from './fd-fifo.ts'
import { apply, trimmed, type Original } from './table.ts'

/** readFileSync(path or fd, options). */
export function readFileOp(original: Original): Primitive {
  return primitive(original, (args, done) => {
    const [file, options] = args
    const encoding = encodingOf(options)
    const text: Done<Buffer> = (error, bytes) =>
      done(error, encoding === undefined ? bytes : bytes?.toString(encoding))
    if (typeof file === 'number') {
      if (mayWait(file)) return readAll(readableOf(file), text)
    } else if (isFifo(file)) return readFifo(file as fs.PathLike, text)
    fs.readFile(file as fs.PathLike, options as BufferEncoding, done)
    return undefined
  })
}

/** writeFileSync and appendFileSync. */
export function writeFileOp(original: Original): Primitive {
  const sister = (fs as unknown as Record<string, unknown>)[original.name.slice(0, -4)]
  return primitive(original, (args, done) => {
    const [file, data, options] = args
    if (typeof file === 'number' && mayWait(file)) {
      writeAll(file, [bytesOf(data, encodingOf(options))], (error) => done(error))
      return undefined
    }
    if (isFifo(file)) {
      return openFifo(file as fs.PathLike, fs.constants.O_WRONLY, (error, fd) => {
        if (error) return done(error)
        writeAll(fd!, [bytesOf(data, encodingOf(options))], (failure) =>
          closeFd(fd!, () => done(failure)),
        )
      })
    }
    apply(sister, fs, [...trimmed(args), (error: unknown) => done(error)])
    return undefined
  })
}

/** openSync. Opening a FIFO waits for the other side. */
export function openOp(original: Original): Primitive {
  return primitive(original, (args, done) => {
    const [path, flags = 'r'] = args
    if (isFifo(path) && (flags === 'r' || flags === 'w' || flags === 'a'))
      return openFifo(
        path as fs.PathLike,
        flags === 'r' ? fs.constants.O_RDONLY : fs.constants.O_WRONLY,
        done,
      )
    apply(fs.open, fs, [...trimmed(args), done])
    return undefined
  })
}

/** closeSync. */
export function closeOp(original: Original): Primitive {
  return primitive(original, ([fd], done) => {
    closeFd(fd as number, (error) => done(error))
    return undefined
  })
}

/** readSync(fd, buffer, …). */
export function readOp(original: Original): Primitive {
  return primitive(original, (args, done) => {
    const [fd, buffer] = args as [number, NodeJS.ArrayBufferView]
    const { offset, length, position } = rangeOf(args, buffer)
    if (length > 0 && mayWait(fd)) {
      const target = new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length)
      return readSome(readableOf(fd), length, (error, bytes) => {
        if (bytes !== undefined) target.set(bytes)
        done(error, bytes?.length)
      })
    }
    fs.read(fd, buffer as Buffer, offset, length, position as number, (error, count) =>
      done(error, count),
    )
    return undefined
  })
}

/** readvSync(fd, buffers, position). */
export function readvOp(original: Original): Primitive {
  return primitive(original, (args, done) => {
    const [fd, buffers] = args as [number, NodeJS.ArrayBufferView[]]
    const most = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0)
    if (most > 0 && mayWait(fd)) {
      return readSome(readableOf(fd), most, (error, bytes) => {
        if (bytes !== undefined) scatter(bytes, buffers)
        done(error, bytes?.length)
      })
    }
    apply(fs.readv, fs, [...trimmed(args), (error: unknown, count: number) => done(error, count)])
    return undefined
  })
}

/** writeSync and writevSync. */
export function writeOp(original: Original): Primitive {
  const sister = original.name === 'writevSync' ? fs.writev : fs.write
  return primitive(original, (args, done) => {
    const [fd] = args as [number]
    if (!mayWait(fd)) {
      apply(sister, fs, [...trimmed(args), (error: unknown, count: number) => done(error, count)])
      return undefined
    }
    const chunks = chunksOf(args)
    const count = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    writeAll(fd, chunks, (error) => done(error, count))
    return undefined
  })
}

function primitive(
  original: Original,
  begin: (
    args: readonly unknown[],
    done: (error: unknown, value?: unknown) => void,
  ) => (() => void) | undefined,
): Primitive {
  return (self, args) =>
    op(
      `fs.${original.name}`,
      (done) => begin(args, done),
      () => apply(original, self, args),
    )
}

function closeFd(fd: number, done: (error: unknown) => void): void {
  if (!closeStream(fd, () => done(null))) fs.close(fd, done)
}

function writeAll(fd: number, chunks: Buffer[], done: (error: unknown) => void): void {
  const stream = writableOf(fd)
  stream.write(Buffer.concat(chunks), (error) => done(error))
}

function isFifo(path: unknown): boolean {
  if (typeof path !== 'string' && !(path instanceof URL) && !Buffer.isBuffer(path)) return false
  try {
    return fs.statSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false
  } catch {
    // The open says what is wrong.
    return false
  }
}

function encodingOf(options: unknown): BufferEncoding | undefined {
  const given =
    typeof options === 'string' ? options : (options as { encoding?: unknown } | null)?.encoding
  if (given === undefined || given === null || given === 'buffer') return undefined
  if (!Buffer.isEncoding(given as string)) throw new TypeError('encoding')
  return given as BufferEncoding
}

/** What `readSync` is asked for; the words for a wrong range are the original's. */
function rangeOf(args: readonly unknown[], { byteLength }: NodeJS.ArrayBufferView) {
  const isObject = typeof args[2] === 'object' && args[2] !== null
  const given = (isObject ? args[2] : { offset: args[2], length: args[3], position: args[4] }) as {
    offset?: number | null
    length?: number
    position?: number | bigint | null
  }
  const offset = given.offset ?? 0
  const length = given.length ?? byteLength - offset
  const fits = Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 && length >= 0
  if (!fits || offset + length > byteLength) throw new RangeError('range')
  return { offset, length, position: given.position ?? null }
}

function chunksOf([, data, second, third]: readonly unknown[]): Buffer[] {
  if (Array.isArray(data)) return data.map((part) => bytesOf(part, undefined))
  // (fd, text, position, encoding) or (fd, bytes, offset, length, position)
  if (typeof data === 'string') return [bytesOf(data, encodingOf(third))]
  const { offset, length } = rangeOf([0, data, second, third], data as NodeJS.ArrayBufferView)
  return [bytesOf(data, undefined).subarray(offset, offset + length)]
}

function bytesOf(data: unknown, encoding: BufferEncoding | undefined): Buffer {
  if (typeof data === 'string') return Buffer.from(data, encoding)
  if (!ArrayBuffer.isView(data)) throw new TypeError('data')
  return Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
}

function scatter(bytes: Buffer, buffers: readonly NodeJS.ArrayBufferView[]): void {
  let from = 0
  for (const { buffer, byteOffset, byteLength } of buffers) {
    const part = bytes.subarray(from, from + byteLength)
    new Uint8Array(buffer, byteOffset, byteLength).set(part)
    from += part.length
  }
}
