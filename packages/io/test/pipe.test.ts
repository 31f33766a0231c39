import { PassThrough, Readable, Writable } from 'node:stream'
import { end, pause, schedule } from '@greenhouse/scheduler'
import { pipe, PipeReader, PipeWriter } from '@greenhouse/io'
import { describe, expect, it } from 'vitest'
import { KINDS, coded, outcome, settled, waiter } from '../../util/test/flows.ts'

describe('pipe', () => {
  it('I38 passes data', async () => {
    const [reader, writer] = pipe()
    await writer.write('some data')
    expect(await reader.read(9)).toEqual(Buffer.from('some data'))
  })

  for (const kind of KINDS) {
    it(`I39 blocks a reading greenlet until something is written (${kind})`, async () => {
      const [reader, writer] = pipe()
      const greenlet = waiter(kind, () => reader.read(4))
      await settled()
      expect(greenlet.state).toBe('blocked')
      await writer.write('da')
      await settled()
      expect(greenlet.state).toBe('blocked')
      await writer.write('tarest')
      expect(String(await greenlet.join())).toBe('data')
      expect(String(await reader.readSome())).toBe('rest')
    })

    it(`makes a writer wait while it is full (${kind})`, async () => {
      const [reader, writer] = pipe({ capacityBytes: 4, encoding: 'latin1' })
      await writer.write('1234')
      const greenlet = waiter(kind, () => writer.write('56789'))
      await settled()
      expect(greenlet.state).toBe('blocked')
      expect(await reader.read(3)).toBe('123')
      await settled()
      expect(greenlet.state).toBe('blocked')
      expect(await reader.read(6)).toBe('456789')
      await greenlet.join()
      expect(reader.statistics()).toEqual({ bytes: 0, readers: 0, closed: false })
    })

    it(`gives what is left, then the end, once the write end is closed (${kind})`, async () => {
      const [reader, writer] = pipe({ encoding: 'utf8' })
      await writer.write('last words')
      await writer.close()
      await writer.close()
      expect(writer.closed).toBe(true)
      const greenlet = waiter(kind, () => reader.read())
      expect(await greenlet.join()).toBe('last words')
      expect(await waiter(kind, () => reader.read()).join()).toBe('')
      expect(await waiter(kind, () => reader.readline()).join()).toBe('')
      expect(await waiter(kind, () => reader.next()).join()).toEqual({
        done: true,
        value: undefined,
      })
      expect(await outcome(waiter(kind, () => writer.write('more')))).toBe('GH_CLOSED')
    })

    it(`fails writers once the read end is closed (${kind})`, async () => {
      const [reader, writer] = pipe({ capacityBytes: 1 })
      const greenlet = waiter(kind, () => writer.write('abc'))
      await settled()
      reader.close()
      expect(await outcome(greenlet)).toBe('GH_CLOSED')
      expect(await outcome(waiter(kind, () => writer.write('d')))).toBe('GH_CLOSED')
      expect(await outcome(waiter(kind, () => reader.read()))).toBe('GH_CLOSED')
      await writer.close()
    })
  }

  it('wakes readers with the end, and writers with GH_CLOSED, when the write end is closed', async () => {
    const [reader, writer] = pipe({ capacityBytes: 2 })
    const reading = waiter('async', () => reader.read(4))
    await settled()
    await writer.close()
    expect(String(await reading.join())).toBe('')
    const [reader2, writer2] = pipe({ capacityBytes: 2 })
    const writing = waiter('async', () => writer2.write('abc'))
    await settled()
    await writer2.close()
    expect(await outcome(writing)).toBe('GH_CLOSED')
    expect(String(await reader2.read())).toBe('ab')
  })

  it('does not mix what several greenlets write', async () => {
    const [reader, writer] = pipe({ capacityBytes: 3, encoding: 'latin1' })
    const greenlets = ['aaaaa\n', 'bbbbb\n', 'ccccc\n'].map((line) =>
      waiter('generator', () => writer.write(line)),
    )
    schedule(async () => {
      for (const greenlet of greenlets) await greenlet.join()
      await writer.close()
    })
    expect(await reader.readlines()).toEqual(['aaaaa\n', 'bbbbb\n', 'ccccc\n'])
  })

  it('answers a reader that asks for more than fits', async () => {
    const [reader, writer] = pipe({ capacityBytes: 10 })
    schedule(function* () {
      for (let i = 0; i < 100; i++) yield* writer.write(Buffer.alloc(100, i))
    })
    const all = await reader.read(10_000)
    expect([all[0], all[5050], all[9999]]).toEqual([0, 50, 99])
  })

  it('copies what is written: the caller may use its memory again', async () => {
    const [reader, writer] = pipe()
    const memory = Buffer.from('abc')
    await writer.write(memory)
    memory.fill('x')
    expect(String(await reader.read(3))).toBe('abc')
  })

  it('loses no byte when reads are ended in the instant of their answer, in any order', async () => {
    const [reader, writer] = pipe({ encoding: 'latin1' })
    const victims = [3, 2, 4].map((size) => waiter('generator', () => reader.read(size)))
    await settled()
    await writer.write('123456789abc')
    for (const at of [1, 0, 2]) end(victims[at]!)
    for (const victim of victims) expect(await outcome(victim)).toBe('GH_EXIT')
    expect(await reader.read(12)).toBe('123456789abc')
  })

  it('puts back a line that nobody consumed', async () => {
    const [reader, writer] = pipe({ encoding: 'utf8' })
    await writer.write('é1\né2\né3\n')
    const careless = schedule(function* () {
      void reader.next()
      void reader.readline()
      yield* pause()
    })
    await careless.join()
    expect(await reader.readlines({ timeoutMs: 0 }).catch((e: { code: string }) => e.code)).toBe(
      'GH_TIMEOUT',
    )
    await writer.close()
    expect(await reader.readlines()).toEqual(['é1\n', 'é2\n', 'é3\n'])
  })

  it('says on time-out how much went in', async () => {
    const [, writer] = pipe({ capacityBytes: 3 })
    await expect(writer.write('12345', { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'GH_TIMEOUT',
      bytesWritten: 3,
    })
  })

  it('refuses what makes no sense', () => {
    expect(() => pipe({ capacityBytes: 0 })).toThrow(coded('GH_INVALID_ARGUMENT') as Error)
    expect(() => pipe({ encoding: 'x' as never })).toThrow(RangeError)
    const [reader, writer] = pipe()
    expect(() => reader.read(-1)).toThrow(RangeError)
    expect(() => reader.readline(0)).toThrow(RangeError)
    expect(() => reader.readInto('abc' as never)).toThrow(TypeError)
    expect(() => writer.write(5 as never)).toThrow(TypeError)
    expect(() => writer.writelines(5 as never)).toThrow(TypeError)
    expect(() => PipeReader.from({} as never)).toThrow(TypeError)
    expect(() => PipeWriter.from(new Writable({ objectMode: true }))).toThrow(TypeError)
  })
})

describe('PipeReader.from, PipeWriter.from', () => {
  for (const kind of KINDS) {
    it(`read a stream of Node by size, by line and to its end (${kind})`, async () => {
      const stream = new PassThrough()
      const reader = PipeReader.from(stream, { encoding: 'utf8' })
      const greenlet = waiter(kind, () => reader.readline())
      await settled()
      stream.write('first')
      stream.write(' line\nsec')
      expect(await greenlet.join()).toBe('first line\n')
      expect(await waiter(kind, () => reader.read(2)).join()).toBe('se')
      stream.end('ond\nthird')
      expect(await waiter(kind, () => reader.readlines()).join()).toEqual(['cond\n', 'third'])
      expect(await waiter(kind, () => reader.read()).join()).toBe('')
    })
  }

  it('pauses the stream while nobody waits', async () => {
    let reads = 0
    const stream = new Readable({
      highWaterMark: 10,
      read() {
        reads++
        this.push(Buffer.alloc(10))
      },
    })
    const reader = PipeReader.from(stream)
    await reader.read(10)
    await settled()
    expect(reads).toBeLessThan(5)
    reader.close()
    expect(stream.destroyed).toBe(true)
  })

  it('gives what came before an error, then the error', async () => {
    const stream = new PassThrough()
    const reader = PipeReader.from(stream)
    const waiting = waiter('async', () => reader.readSome())
    stream.write('abc')
    expect(String(await waiting.join())).toBe('abc')
    const failing = waiter('async', () => reader.read())
    await settled()
    stream.destroy(Object.assign(new Error('broken'), { code: 'EIO' }))
    expect(await outcome(failing)).toBe('EIO')
    await expect(reader.read()).rejects.toThrow('broken')
  })

  it('reads strings as bytes, and fails at what is neither', async () => {
    const reader = PipeReader.from(Readable.from(['one\n', Buffer.from('two\n'), { three: 3 }]))
    expect(String(await reader.readline())).toBe('one\n')
    expect(String(await reader.read(4))).toBe('two\n')
    await expect(reader.read()).rejects.toMatchObject({ code: 'GH_INVALID_ARGUMENT' })
    reader.close()
  })

  it('says that a stream was destroyed before its end', async () => {
    const stream = new PassThrough()
    const reader = PipeReader.from(stream)
    const waiting = waiter('async', () => reader.read())
    await settled()
    stream.destroy()
    expect(await outcome(waiting)).toBe('GH_CLOSED')
  })

  it('a write returns when the stream has passed the bytes on', async () => {
    const taken: string[] = []
    let go: (() => void) | undefined
    const stream = new Writable({
      write(chunk, _encoding, done) {
        taken.push(String(chunk))
        go = done
      },
    })
    const writer = PipeWriter.from(stream)
    const first = waiter('generator', () => writer.write('one'))
    const second = waiter('async', () => writer.write('two'))
    const third = waiter('async', () => writer.write('three'))
    await settled()
    expect(taken).toEqual(['one'])
    end(second)
    go!()
    await first.join()
    expect(await outcome(second)).toBe('GH_EXIT')
    go!()
    await third.join()
    expect(taken).toEqual(['one', 'three'])
    await writer.close()
    expect(stream.writableFinished).toBe(true)
  })

  it('gives the error of a broken stream to its writer, once to close otherwise', async () => {
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        setImmediate(done, Object.assign(new Error('no'), { code: 'EPIPE' }))
      },
    })
    const writer = PipeWriter.from(stream)
    await expect(writer.write('a')).rejects.toThrow('no')
    await expect(writer.write('b')).rejects.toThrow('no')
    await writer.close()
  })

  it('close waits for the stream, and destroys it on time-out', async () => {
    const stream = new Writable({ write() {} })
    const writer = PipeWriter.from(stream)
    const writing = outcome(writer.write('never taken'))
    await expect(writer.close({ timeoutMs: 5 })).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
    expect(await writing).toBe('GH_CLOSED')
    expect(stream.destroyed).toBe(true)
  })
})
