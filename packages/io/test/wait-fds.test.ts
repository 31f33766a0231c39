import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { end, scheduleException } from '@greenhouse/scheduler'
import { open, pipe, PipeReader, PipeWriter, waitFds } from '@greenhouse/io'
import { describe, expect, it } from 'vitest'
import { KINDS, coded, outcome, settled, waiter } from '../../util/test/flows.ts'

describe('waitFds', () => {
  it('I40 reports the readable and writable ends of two pipes exactly', async () => {
    const [readA, writeA] = pipe()
    const [readB, writeB] = pipe({ capacityBytes: 3 })
    await writeB.write('abc')
    const both = () => waitFds([readA, readB], [writeA, writeB], { timeoutMs: 0 })
    expect(await both()).toEqual({ readable: [readB], writable: [writeA] })
    await readB.read(1)
    expect(await both()).toEqual({ readable: [readB], writable: [writeA, writeB] })
    await readB.read(2)
    expect(await waitFds([readA, readB], [], { timeoutMs: 0 })).toEqual({
      readable: [],
      writable: [],
    })
  })

  for (const kind of KINDS) {
    it(`waits until one is ready, and leaves nothing behind (${kind})`, async () => {
      const [reader, writer] = pipe({ capacityBytes: 4 })
      const stream = new PassThrough()
      const child = PipeReader.from(stream)
      const greenlet = waiter(kind, () => waitFds([reader, child]))
      await settled()
      expect(greenlet.state).toBe('blocked')
      stream.write('news')
      expect(await greenlet.join()).toEqual({ readable: [child], writable: [] })
      expect(reader.input.watchers.size + child.input.watchers.size).toBe(0)
      expect(String(await child.read(4))).toBe('news')
      await writer.write('1234')
      const room = waiter(kind, () => waitFds([], [writer]))
      await settled()
      expect(room.state).toBe('blocked')
      await reader.readSome()
      expect(await room.join()).toEqual({ readable: [], writable: [writer] })
    })

    it(`gives empty lists on time-out (${kind})`, async () => {
      const [reader] = pipe()
      const greenlet = waiter(kind, () => waitFds([reader], [], { timeoutMs: 5 }))
      expect(await greenlet.join()).toEqual({ readable: [], writable: [] })
      expect(reader.input.watchers.size).toBe(0)
    })

    it(`cut short, it leaves nothing behind (${kind})`, async () => {
      const [reader] = pipe()
      const stream = new PassThrough()
      const child = PipeReader.from(stream)
      const victims = [0, 1, 2].map(() => waiter(kind, () => waitFds([reader, child])))
      const controller = new AbortController()
      const aborted = outcome(
        waiter(kind, () => waitFds([child], [], { signal: controller.signal })),
      )
      await settled()
      expect(child.input.watchers.size).toBe(4)
      end(victims[0]!)
      scheduleException(new Error('cut'), victims[1]!)
      controller.abort(new Error('enough'))
      expect(await outcome(victims[0]!)).toBe('GH_EXIT')
      expect(await outcome(victims[1]!)).toBe('cut')
      expect(await aborted).toBe('enough')
      expect(child.input.watchers.size).toBe(1)
      stream.end()
      expect(await victims[2]!.join()).toEqual({ readable: [child], writable: [] })
      expect(child.input.watchers.size + reader.input.watchers.size).toBe(0)
      expect(stream.listenerCount('data')).toBe(0)
    })
  }

  it('the end, and a closed end, are ready', async () => {
    const [reader, writer] = pipe({ capacityBytes: 1 })
    const waiting = waitFds([reader])
    await writer.close()
    expect((await waiting).readable).toEqual([reader])
    const [reader2, writer2] = pipe({ capacityBytes: 1 })
    await writer2.write('x')
    const stuck = waitFds([], [writer2])
    reader2.close()
    expect((await stuck).writable).toEqual([writer2])
  })

  it('a time-out of 0 asks once, and sees what has come', async () => {
    const stream = new PassThrough()
    const reader = PipeReader.from(stream)
    expect((await waitFds([reader], [], { timeoutMs: 0 })).readable).toEqual([])
    stream.write('x')
    expect((await waitFds([reader], [], { timeoutMs: 0 })).readable).toEqual([reader])
    reader.close()
  })

  it('a stream is writable while it takes bytes at once', async () => {
    let go: (() => void) | undefined
    const stream = new PassThrough({
      transform(_chunk, _encoding, done) {
        go = done
      },
    })
    const writer = PipeWriter.from(stream)
    const writing = writer.write('x')
    const waiting = waitFds([], [writer])
    expect((await waitFds([], [writer], { timeoutMs: 0 })).writable).toEqual([])
    go!()
    await writing
    expect((await waiting).writable).toEqual([writer])
  })

  it('a regular file is always ready', async () => {
    const path = join(fs.mkdtempSync(join(tmpdir(), 'greenhouse-fds-')), 'file')
    const file = await open(path, 'w+')
    expect(await waitFds([file], [file])).toEqual({ readable: [file], writable: [file] })
    await file.close()
    fs.rmSync(join(path, '..'), { recursive: true })
  })

  it('refuses what it cannot wait for', () => {
    expect(() => waitFds([{}])).toThrow(coded('GH_INVALID_ARGUMENT') as Error)
    expect(() => waitFds([], [5 as never])).toThrow(TypeError)
    expect(() => waitFds(5 as never)).toThrow(TypeError)
  })
})
