import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { end, pause, schedule, type Blocking } from '@greenhouse/scheduler'
import { type File, fromFd, open } from '@greenhouse/io'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KINDS, coded, outcome, settled, waiter } from '../../util/test/flows.ts'
import { openFds } from './fds.ts'

let folder: string
let path: string
let count = 0
const TEXT = 'This is one line\nAnd another\n\nAnd the fourth'
const LINES = ['This is one line\n', 'And another\n', '\n', 'And the fourth']

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'greenhouse-file-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))
beforeEach(() => {
  path = join(folder, `file-${count++}`)
})
const put = (text: string | Buffer): void => fs.writeFileSync(path, text)
const got = (): string => fs.readFileSync(path, 'latin1')

describe('File', () => {
  for (const kind of KINDS) {
    const run = <T>(op: () => unknown): Promise<T> =>
      Promise.resolve(waiter(kind, op as () => Blocking<T>).join())

    it(`I25 writes, closes and reads back (${kind})`, async () => {
      const file = await run<File>(() => open(path, 'w'))
      await run(() => file.write('this is a test'))
      await run(() => file.close())
      expect(got()).toBe('this is a test')
      const again = await run<File>(() => open(path))
      expect(String(await run(() => again.read()))).toBe('this is a test')
      await run(() => again.close())
      expect([again.closed, again.fd]).toEqual([true, -1])
    })

    it(`I26 fails to open a missing file for reading (${kind})`, async () => {
      await expect(run(() => open(path))).rejects.toMatchObject({ code: 'ENOENT', path })
    })

    it(`I27 fromFd reads an existing descriptor, from where it stands (${kind})`, async () => {
      put('0123456789')
      const fd = fs.openSync(path, 'r+')
      fs.readSync(fd, Buffer.alloc(3))
      const file = fromFd(fd, 'r+')
      expect(String(await run(() => file.read(4)))).toBe('3456')
      if (process.platform === 'linux') {
        expect(await run(() => file.tell())).toBe(7)
        await run(() => file.write('X'))
        expect(got()).toBe('0123456X89')
      }
      await run(() => file.close())
      expect(() => fs.fstatSync(fd)).toThrow('EBADF')
    })

    it(`I28 readline yields each line with its newline, blank ones too (${kind})`, async () => {
      put(TEXT)
      const file = await run<File>(() => open(path))
      for (const line of LINES) expect(String(await run(() => file.readline()))).toBe(line)
      expect(await run(() => file.readline())).toEqual(Buffer.alloc(0))
      await run(() => file.close())
    })

    it(`I29 readline(9) stops at 9 bytes, the next gives the rest (${kind})`, async () => {
      put(TEXT)
      const file = await run<File>(() => open(path))
      expect(String(await run(() => file.readline(9)))).toBe('This is o')
      expect(String(await run(() => file.readline()))).toBe('ne line\n')
      expect(String(await run(() => file.readline(12)))).toBe('And another\n')
      await run(() => file.close())
    })

    it(`I30 run closes the file, however the function ends (${kind})`, async () => {
      put(TEXT)
      const file = await run<File>(() => open(path))
      const first =
        kind === 'async'
          ? await run(() => file.run(async (it) => String(await it.readline())))
          : await run(() =>
              file.run(function* (it) {
                return String(yield* it.readline())
              }),
            )
      expect(first).toBe(LINES[0])
      expect(file.closed).toBe(true)
      const other = await run<File>(() => open(path))
      await expect(
        run(() =>
          other.run(() => {
            throw new Error('broken')
          }),
        ),
      ).rejects.toThrow('broken')
      expect(other.fd).toBe(-1)
    })

    it(`I31 tell and seek agree, whatever is read ahead (${kind})`, async () => {
      put('this is a testing')
      const file = await run<File>(() => open(path))
      expect(await run(() => file.tell())).toBe(0)
      expect(await run(() => file.seek(4))).toBe(4)
      expect(String(await run(() => file.read(3)))).toBe(' is')
      expect(await run(() => file.seek(-4, 'end'))).toBe(13)
      expect(await run(() => file.tell())).toBe(13)
      expect(String(await run(() => file.read(4)))).toBe('ting')
      await run(() => file.seek(2))
      await run(() => file.read(1))
      expect(await run(() => file.seek(2, 1))).toBe(5)
      expect(String(await run(() => file.read(2)))).toBe('is')
      await run(() => file.close())
    })

    it(`I32 mode a appends, wherever it stands (${kind})`, async () => {
      put('some text')
      const file = await run<File>(() => open(path, 'a+'))
      expect(String(await run(() => file.read(4)))).toBe('some')
      await run(() => file.write(', more'))
      await run(() => file.seek(0))
      await run(() => file.write(', most'))
      expect(await run(() => file.tell())).toBe(21)
      expect(got()).toBe('some text, more, most')
      await run(() => file.seek(5))
      expect(String(await run(() => file.read()))).toBe('text, more, most')
      await run(() => file.close())
    })

    it(`I33 iteration yields all lines, the last without newline (${kind})`, async () => {
      put(TEXT)
      const file = await run<File<string>>(() => open(path, 'r', { encoding: 'utf8' }))
      const lines: string[] = []
      const greenlet =
        kind === 'async'
          ? schedule(async () => {
              for await (const line of file) lines.push(line)
            })
          : schedule(function* () {
              for (let step; !(step = yield* file.next()).done;) lines.push(step.value)
            })
      await greenlet.join()
      expect(lines).toEqual(LINES)
      await run(() => file.close())
    })

    it(`I34 Q20 mode r+ writes, seeks and reads, and makes no file (${kind})`, async () => {
      await expect(run(() => open(path, 'r+'))).rejects.toMatchObject({ code: 'ENOENT' })
      expect(fs.existsSync(path)).toBe(false)
      put('')
      const file = await run<File>(() => open(path, 'r+'))
      await run(() => file.write('this is a test'))
      await run(() => file.seek(0))
      expect(String(await run(() => file.read()))).toBe('this is a test')
      await run(() => file.close())
    })

    it(`I35 readlines equals iteration (${kind})`, async () => {
      put(TEXT)
      const file = await run<File>(() => open(path))
      expect((await run<Buffer[]>(() => file.readlines())).map(String)).toEqual(LINES)
      expect(await run<Buffer[]>(() => file.readlines())).toEqual([])
      await run(() => file.close())
    })

    it(`I36 reads on and on, then nothing at the end (${kind})`, async () => {
      put('0123456789')
      const file = await run<File>(() => open(path))
      const parts: string[] = []
      for (let i = 0; i < 5; i++) parts.push(String(await run(() => file.read(3))))
      expect(parts).toEqual(['012', '345', '678', '9', ''])
      fs.appendFileSync(path, 'more')
      expect(String(await run(() => file.read(3)))).toBe('mor')
      await run(() => file.close())
    })

    it(`I37 writelines adds no newlines (${kind})`, async () => {
      const file = await run<File>(() => open(path, 'w'))
      await run(() => file.writelines(['one', Buffer.from('two'), '\n', new Uint8Array([51])]))
      await run(() => file.close())
      expect(got()).toBe('onetwo\n3')
    })
  }

  it('Q20 mode w empties the file, w+ reads back what it wrote, a new file has mode 0666 less the umask', async () => {
    put('something long')
    const file = await open(path, 'w')
    expect(got()).toBe('')
    await file.close()
    const old = process.umask(0o027)
    try {
      const fresh = await open(`${path}-new`, 'w+')
      await fresh.write('abc')
      await fresh.seek(0)
      expect(String(await fresh.read())).toBe('abc')
      await fresh.close()
      expect(fs.statSync(`${path}-new`).mode & 0o777).toBe(0o640)
      const strict = await open(`${path}-strict`, 'w', { permissions: 0o600 })
      await strict.close()
      expect(fs.statSync(`${path}-strict`).mode & 0o777).toBe(0o600)
    } finally {
      process.umask(old)
    }
  })

  it('Q20 mode x makes a file, and fails where there is one', async () => {
    for (const mode of ['wx', 'wx+', 'ax', 'ax+'] as const) {
      const file = await open(`${path}-${mode}`, mode)
      await file.write('x')
      await file.close()
      await expect(open(`${path}-${mode}`, mode)).rejects.toMatchObject({ code: 'EEXIST' })
      expect(fs.readFileSync(`${path}-${mode}`, 'latin1')).toBe('x')
    }
  })

  it('Q20 tell and a write after a read count from where the reader stands', async () => {
    put('line one\nline two\nline three\n')
    const file = await open(path, 'r+')
    await file.readline()
    expect(await file.tell()).toBe(9)
    await file.write('LINE')
    expect(await file.tell()).toBe(13)
    expect(String(await file.readline())).toBe(' two\n')
    expect(got()).toBe('line one\nLINE two\nline three\n')
    await file.close()
  })

  it('refuses a mode that makes no sense, and use against the mode', async () => {
    for (const mode of ['', 'q', 'rx', 'r++', 'rw', 'w ', 'wxx'])
      expect(() => open(path, mode as never)).toThrow(coded('GH_INVALID_ARGUMENT') as Error)
    expect(() => open(5 as never)).toThrow(TypeError)
    expect(() => open(path, 'r', { encoding: 'nope' as never })).toThrow(RangeError)
    put('abc')
    const file = await open(path, 'rb' as never)
    await expect(file.write('x')).rejects.toMatchObject({ code: 'GH_UNSUPPORTED' })
    expect(() => file.seek(1.5)).toThrow(TypeError)
    expect(() => file.seek(1, 'middle' as never)).toThrow(RangeError)
    await expect(file.seek(-1)).rejects.toMatchObject({ code: 'GH_INVALID_ARGUMENT' })
    expect(String(await file.read())).toBe('abc')
    await file.close()
    const other = await open(path, 'w')
    await expect(other.read()).rejects.toMatchObject({ code: 'GH_UNSUPPORTED' })
    await other.close()
  })

  it('takes URLs and Buffers as paths', async () => {
    put('abc')
    for (const one of [pathToFileURL(path), Buffer.from(path)]) {
      const file = await open(one)
      expect(String(await file.read())).toBe('abc')
      await file.close()
    }
  })

  it('truncates at the position, or where it is told', async () => {
    put('0123456789')
    const file = await open(path, 'r+')
    await file.read(6)
    await file.truncate()
    expect(got()).toBe('012345')
    await file.truncate(3)
    expect(got()).toBe('012')
    expect(await file.tell()).toBe(6)
    await file.truncate(5)
    expect(got()).toBe('012\0\0')
    await file.flush()
    await file.sync()
    await file.close()
  })

  it('reads text without cutting characters, and bytes through another face', async () => {
    put('aé€😀\nz')
    const file = await open(path, 'r', { encoding: 'utf8' })
    const parts: string[] = []
    for (let part; (part = await file.read(3)) !== '';) parts.push(part)
    expect(parts).toEqual(['aé', '€', '😀', '\nz'])
    await file.seek(0)
    expect(await file.readSome(2)).toBe('a')
    expect(await file.withEncoding(undefined).read(2)).toEqual(Buffer.from('é'))
    expect(await file.withEncoding('hex').read(3)).toBe('e282ac')
    await file.close()
    put(Buffer.from([0x61, 0xff, 0xfe, 0xc3]))
    const broken = await open(path, 'r', { encoding: 'utf8' })
    expect(await broken.read(2)).toBe('a\ufffd')
    expect(await broken.read(5)).toBe('\ufffd\ufffd')
    await broken.close()
    put(Buffer.from('höst', 'utf16le'))
    const wide = await open(path, 'r', { encoding: 'utf16le' })
    expect([await wide.read(1), await wide.read(3), await wide.read()]).toEqual(['h', 'ö', 'st'])
    await wide.close()
  })

  it('readInto fills the memory, less only at the end', async () => {
    put('0123456789')
    const file = await open(path)
    const memory = new Uint8Array(6)
    expect(await file.readInto(memory)).toBe(6)
    expect(Buffer.from(memory).toString()).toBe('012345')
    expect(await file.readInto(memory)).toBe(4)
    expect(await file.readInto(memory)).toBe(0)
    await file.close()
  })

  it('lines across the borders of what is read at a time are whole', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${'x'.repeat(i % 300)}${i}\n`)
    put(lines.join(''))
    const file = await open(path, 'r', { encoding: 'latin1' })
    const seen: string[] = []
    for await (const line of file) seen.push(line)
    expect(seen).toEqual(lines)
    await file.seek(0)
    expect((await file.read()).length).toBe(lines.join('').length)
    await file.close()
  })

  it('serves several greenlets in order', async () => {
    put('aabbccdd')
    const file = await open(path, 'r+')
    const parts = ['generator', 'async', 'generator'].map((kind) =>
      waiter(kind as 'async', () => file.read(2)),
    )
    const writing = waiter('generator', () => file.write('XX'))
    const last = waiter('async', () => file.tell())
    expect((await Promise.all(parts.map((one) => one.join()))).map(String)).toEqual([
      'aa',
      'bb',
      'cc',
    ])
    await writing.join()
    expect(await last.join()).toBe(8)
    expect(got()).toBe('aabbccXX')
    await file.close()
  })

  it('answers at once from what was read ahead', async () => {
    put(TEXT)
    const file = await open(path)
    await file.readline()
    const greenlet = schedule(function* () {
      const order: string[] = []
      schedule(() => void order.push('other'))
      for (let i = 0; i < 2; i++) order.push(String(yield* file.readline()))
      return [...order]
    })
    expect(await greenlet.join()).toEqual(['And another\n', '\n'])
    expect(String(await file.read(3, { timeoutMs: 0 }))).toBe('And')
    await file.close()
  })

  it('close waits for what was asked before, and refuses what comes after', async () => {
    const file = await open(path, 'w')
    const writes = ['a', 'b', 'c'].map((text) => waiter('async', () => file.write(text)))
    await pause()
    const closes = [file.close(), file.close()]
    await expect(file.write('d')).rejects.toMatchObject({ code: 'GH_CLOSED' })
    await Promise.all([...closes, ...writes.map((one) => one.join())])
    expect(got()).toBe('abc')
    await file.close()
    expect(file.statistics()).toEqual({ bytes: 0, waiting: 0, closed: true })
  })

  it('an error of one operation does not touch the next', async () => {
    put('abc')
    const directory = await open(folder)
    await expect(directory.read()).rejects.toMatchObject({ code: 'EISDIR', syscall: 'read' })
    await directory.close()
    const file = await open(path)
    const fd = file.fd
    await expect(file.truncate(1)).rejects.toMatchObject({ code: 'EINVAL' })
    expect(file.fd).toBe(fd)
    expect(String(await file.read())).toBe('abc')
    await file.close()
  })

  it('gives back a line that nobody consumed, and forgets it after a seek', async () => {
    put('one\ntwo\nthree\n')
    const file = await open(path, 'r', { encoding: 'utf8' })
    await file.readline()
    const careless = schedule(function* () {
      void file.readline()
      void file.next()
      yield* pause()
    })
    await careless.join()
    expect(await file.tell()).toBe(4)
    expect(await file.readline()).toBe('two\n')
    const seeking = schedule(function* () {
      void file.readline()
      yield* file.seek(0)
    })
    await seeking.join()
    expect(await file.readlines()).toEqual(['one\n', 'two\n', 'three\n'])
    await file.close()
  })

  it('await using closes it', async () => {
    const file = await open(path, 'w')
    await file[Symbol.asyncDispose]()
    expect(file.fd).toBe(-1)
  })

  it.skipIf(process.platform !== 'linux')('leaves no descriptor behind', async () => {
    put(TEXT)
    const before = openFds()
    for (let i = 0; i < 50; i++) {
      const victim = waiter('generator', () => open(path))
      await pause()
      end(victim)
      expect(await outcome(victim)).toBe('GH_EXIT')
      await outcome(open(path, 'r', { timeoutMs: 0 }))
      const careless = schedule(function* () {
        void open(path)
        yield* pause()
      })
      await careless.join()
      await (await open(path)).close()
    }
    const last = await open(path)
    await last.close()
    await settled()
    // Those that came too late are closed by the pool, a moment later.
    await expect.poll(openFds).toBeLessThanOrEqual(before)
  })
})
