// Every operation of files and pipes, cut short in every way while it stands in line and while its call is under way.
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, getCurrent, schedule } from '@greenhouse/scheduler'
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import { open, pipe, type File } from '@greenhouse/io'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KINDS, outcome, settled, waiter } from '../../util/test/flows.ts'
import type { PooledFd } from '../src/core/fd-pooled.ts'
import { CUTS } from './cuts.ts'
import { makeFifo, openFds } from './fds.ts'

const TEXT = 'line one\nline two\nline three\n'
type Op = (file: File, options?: WaitOptions) => Blocking<unknown>
const READS: Record<string, Op> = {
  read: (file, options) => file.read(12, options),
  readSome: (file, options) => file.readSome(12, options),
  readInto: (file, options) => file.readInto(Buffer.alloc(12), options),
  readline: (file, options) => file.readline(Infinity, options),
  readlines: (file, options) => file.readlines(options),
  next: (file, options) => file.next(options),
}
const OPS: Record<string, Op> = {
  ...READS,
  write: (file, options) => file.write('XXXX', options),
  writelines: (file, options) => file.writelines(['XX', 'XX'], options),
  flush: (file, options) => file.flush(options),
  sync: (file, options) => file.sync(options),
  seek: (file, options) => file.seek(5, 'start', options),
  tell: (file, options) => file.tell(options),
  truncate: (file, options) => file.truncate(3, options),
}

let folder: string
let path: string
let before: number
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'greenhouse-cancel-'))
  path = join(folder, 'file')
})
afterAll(() => fs.rmSync(folder, { recursive: true }))
beforeEach(() => {
  fs.writeFileSync(path, TEXT)
  if (process.platform === 'linux') before = openFds()
})
afterEach(async () => {
  if (process.platform === 'linux') await expect.poll(openFds).toBeLessThanOrEqual(before)
})

/** Makes a file busy, as a call under way does. */
function hold(file: File): () => void {
  const backend = file.backend as PooledFd
  backend.busy = true
  return () => {
    backend.busy = false
    backend.serve()
  }
}

describe('File, cut short in line', () => {
  for (const [name, op] of Object.entries(OPS)) {
    for (const [how, make] of Object.entries(CUTS)) {
      for (const kind of KINDS) {
        it(`${name} has no effect at ${how} (${kind})`, async () => {
          const file = await open(path, 'r+')
          const release = hold(file)
          const one = make(kind, (options) => op(file, options))
          const other = waiter(kind, () => file.tell())
          await settled()
          expect(file.statistics().waiting).toBe(2)
          one.cut()
          expect(file.statistics().waiting).toBe(1)
          expect(await outcome(one.victim)).toBe(one.error)
          release()
          expect(await other.join()).toBe(0)
          expect(String(await file.read())).toBe(TEXT)
          await file.close()
          expect(fs.readFileSync(path, 'latin1')).toBe(TEXT)
        })
      }
    }
  }
})

describe('File, cut short during its call', () => {
  const cuts: Record<
    string,
    (op: (options?: WaitOptions) => Blocking<unknown>) => Promise<unknown>
  > = {
    'its end': (op) => outcome(schedule(endingItself, op)),
    'an abort': (op) => {
      const controller = new AbortController()
      const result = outcome(op({ signal: controller.signal }))
      controller.abort(Object.assign(new Error(), { code: 'GH_EXIT' }))
      return result
    },
  }
  for (const [how, make] of Object.entries(cuts)) {
    for (const [name, op] of Object.entries(READS)) {
      it(`${name} loses nothing at ${how}`, async () => {
        const file = await open(path)
        expect(await make((options) => op(file, options))).toBe('GH_EXIT')
        expect(await file.tell()).toBe(0)
        expect(String(await file.readline())).toBe('line one\n')
        expect(await file.tell()).toBe(9)
        expect(String(await file.read())).toBe('line two\nline three\n')
        await file.close()
      })
    }

    it(`write has written at ${how}, and the position says so`, async () => {
      const file = await open(path, 'r+')
      expect(await make((options) => file.write('LINE', options))).toBe('GH_EXIT')
      expect(await file.tell()).toBe(4)
      await file.close()
      expect(fs.readFileSync(path, 'latin1')).toBe(TEXT.replace('line', 'LINE'))
    })

    it(`a long write stops at ${how}`, async () => {
      const file = await open(path, 'w')
      const long = Buffer.alloc(5 << 20)
      expect(await make((options) => file.write(long, options))).toBe('GH_EXIT')
      expect(await file.tell()).toBe(1 << 20)
      await file.close()
      expect(fs.statSync(path).size).toBe(1 << 20)
    })

    it(`open closes what comes too late at ${how}`, async () => {
      expect(await make((options) => open(path, 'r', options))).toBe('GH_EXIT')
    })

    it(`close closes all the same at ${how}`, async () => {
      const file = await open(path)
      expect(await make((options) => file.close(options))).toBe('GH_EXIT')
      await file.close()
      expect([file.closed, file.fd]).toEqual([true, -1])
    })
  }

  it('close begun by a greenlet that was ended before closes all the same', async () => {
    const file = await open(path)
    const greenlet = schedule(function* () {
      end(getCurrent())
      yield* file.close()
    })
    expect(await outcome(greenlet)).toBe('GH_EXIT')
    await file.close()
    expect(file.fd).toBe(-1)
  })
})

describe.skipIf(process.platform !== 'linux')('File of a FIFO, cut short', () => {
  for (const [name, op] of Object.entries(READS)) {
    for (const [how, make] of Object.entries(CUTS)) {
      for (const kind of KINDS) {
        it(`${name} loses nothing at ${how} (${kind})`, async () => {
          const fifo = join(folder, `fifo-${kind}-${name}-${how.replace(' ', '-')}`)
          makeFifo(fifo)
          const file = await open(fifo, 'r+')
          const one = make(kind, (options) => op(file, options))
          if (name !== 'readSome') await file.write('lin')
          await settled()
          one.cut()
          expect(await outcome(one.victim)).toBe(one.error)
          expect(file.statistics().waiting).toBe(0)
          await file.write(name === 'readSome' ? 'line one\n' : 'e one\n')
          expect(String(await file.readline())).toBe('line one\n')
          await file.close()
        })
      }
    }
  }
})

describe('a pipe, cut short', () => {
  for (const [how, make] of Object.entries(CUTS)) {
    for (const kind of KINDS) {
      it(`a write leaves in what went in at ${how}, the next writer goes on (${kind})`, async () => {
        const [reader, writer] = pipe({ capacityBytes: 3, encoding: 'latin1' })
        const one = make(kind, (options) => writer.write('abcdef', options))
        const queued = make(kind, (options) => writer.write('never', options))
        const other = waiter(kind, () => writer.write('xyz'))
        await settled()
        expect(writer.statistics().writers).toBe(3)
        queued.cut()
        one.cut()
        expect(await outcome(one.victim)).toBe(one.error)
        expect(await outcome(queued.victim)).toBe(queued.error)
        expect(await reader.read(6)).toBe('abcxyz')
        await other.join()
        expect(writer.statistics().writers).toBe(0)
      })

      it(`a read takes nothing at ${how} (${kind})`, async () => {
        const [reader, writer] = pipe({ encoding: 'latin1' })
        const one = make(kind, (options) => reader.read(4, options))
        const other = waiter(kind, () => reader.read(3))
        await settled()
        await writer.write('ab')
        one.cut()
        await writer.write('c')
        expect(await outcome(one.victim)).toBe(one.error)
        expect(await other.join()).toBe('abc')
        expect(reader.statistics()).toEqual({ bytes: 0, readers: 0, closed: false })
      })
    }
  }
})

function* endingItself(op: () => Blocking<unknown>) {
  const blocking = op()
  end(getCurrent())
  return yield* blocking
}
