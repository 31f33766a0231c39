// FIFOs, terminals, devices: what makes one wait is polled, and never holds a thread of the pool.
import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, pause, schedule } from '@greenhouse/scheduler'
import { fromFd, open, readFile, waitFds } from '@greenhouse/io'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KINDS, outcome, settled, waiter } from '../../util/test/flows.ts'
import { makeFifo, openFds } from './fds.ts'
import { runNode } from './run-node.ts'

let folder: string
let path: string
let count = 0

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'greenhouse-fifo-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))
beforeEach(() => {
  path = join(folder, `fifo-${count++}`)
  if (process.platform !== 'win32') makeFifo(path)
})

describe.skipIf(process.platform !== 'linux')('File of a FIFO', () => {
  for (const kind of KINDS) {
    it(`waits for a writer, reads lines, and ends when the last writer has gone (${kind})`, async () => {
      const reader = await waiter(kind, () => open(path, 'r', { encoding: 'utf8' })).join()
      const line = waiter(kind, () => reader.readline())
      await settled()
      expect(line.state).toBe('blocked')
      const writer = await waiter(kind, () => open(path, 'w')).join()
      await waiter(kind, () => writer.write('one\ntwo')).join()
      expect(await line.join()).toBe('one\n')
      expect(await waiter(kind, () => reader.read(2)).join()).toBe('tw')
      await waiter(kind, () => writer.close()).join()
      expect(await waiter(kind, () => reader.read()).join()).toBe('o')
      expect(await waiter(kind, () => reader.read()).join()).toBe('')
      await reader.close()
      expect(reader.fd).toBe(-1)
    })

    it(`opened for writing, waits for a reader; gives up when it is ended (${kind})`, async () => {
      const before = openFds()
      const opening = waiter(kind, () => open(path, 'w'))
      const victim = waiter(kind, () => open(path, 'w'))
      const late = outcome(waiter(kind, () => open(path, 'w', { timeoutMs: 5 })))
      await settled()
      end(victim)
      expect(await outcome(victim)).toBe('GH_EXIT')
      expect(await late).toBe('GH_TIMEOUT')
      expect(opening.state).toBe('blocked')
      const reader = await open(path)
      const writer = await opening.join()
      await writer.write('x')
      expect(String(await reader.readSome())).toBe('x')
      await reader.close()
      await expect(writer.write('y')).rejects.toMatchObject({ code: 'EPIPE' })
      await writer.close()
      await expect.poll(openFds).toBeLessThanOrEqual(before)
    })

    it(`a read that is cut short loses nothing (${kind})`, async () => {
      const reader = await open(path)
      const writer = await open(path, 'w')
      const victim = waiter(kind, () => reader.read(6))
      await writer.write('abc')
      await settled()
      end(victim)
      expect(await outcome(victim)).toBe('GH_EXIT')
      await expect(reader.read(6, { timeoutMs: 5 })).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
      await writer.write('def')
      expect(String(await reader.read(6))).toBe('abcdef')
      const blocked = waiter(kind, () => reader.read(1))
      await settled()
      await reader.close()
      expect(await outcome(blocked)).toBe('GH_CLOSED')
      expect(await outcome(reader.read(1))).toBe('GH_CLOSED')
      await writer.close()
    })
  }

  it('makes a writer wait until the other end reads', async () => {
    const reader = await open(path)
    const writer = await open(path, 'w')
    const large = Buffer.alloc(1_000_000, 'abcdefg')
    const writing = waiter('generator', () => writer.write(large))
    await settled()
    expect(writing.state).toBe('blocked')
    expect((await reader.read(large.length)).equals(large)).toBe(true)
    await writing.join()
    await Promise.all([reader.close(), writer.close()])
  })

  it('opened r+ both reads and writes', async () => {
    const both = await open(path, 'r+')
    await both.write('echo\n')
    expect(String(await both.readline())).toBe('echo\n')
    await expect(both.seek(0)).rejects.toMatchObject({ code: 'GH_UNSUPPORTED' })
    await expect(both.tell()).rejects.toMatchObject({ code: 'GH_UNSUPPORTED' })
    await expect(both.truncate(0)).rejects.toMatchObject({ code: 'GH_UNSUPPORTED' })
    expect(both.isTTY).toBe(false)
    await both.close()
    expect(both.closed).toBe(true)
  })

  it('I40 is readable for waitFds once something has come', async () => {
    const reader = await open(path)
    const writer = await open(path, 'w')
    expect(await waitFds([reader], [writer], { timeoutMs: 0 })).toEqual({
      readable: [],
      writable: [writer],
    })
    const waiting = waitFds([reader])
    await writer.write('x')
    expect((await waiting).readable).toEqual([reader])
    expect(String(await reader.read(1))).toBe('x')
    await Promise.all([reader.close(), writer.close()])
  })

  it('five idle readers and five waiting writers leave the thread pool to files', async () => {
    const idle = await Promise.all(Array.from({ length: 5 }, () => open(path)))
    const waiting = idle.map((one) => waiter('generator', () => one.read(1)))
    const other = join(folder, `other-${count}`)
    makeFifo(other)
    const opening = Array.from({ length: 5 }, () => waiter('generator', () => open(other, 'w')))
    await settled()
    // Would never come with every thread of the pool waiting.
    expect(await readFile(import.meta.filename, { encoding: 'utf8' })).toContain('thread pool')
    expect(waiting.concat(opening as never[]).every((one) => one.state === 'blocked')).toBe(true)
    for (const one of [...waiting, ...opening]) end(one as never)
    await Promise.all(idle.map((one) => one.close()))
  })

  it('lets the process end while one is open and nobody waits', async () => {
    const program = `
      const { open } = await import('@greenhouse/io')
      const both = await open(${JSON.stringify(path)}, 'r+')
      await both.write('x')
      await both.read(1)
      console.log('done')`
    expect(runNode(program).stdout).toBe('done\n')
  })
})

describe.skipIf(process.platform !== 'linux')('File of a device', () => {
  it('reads and writes /dev/null, /dev/zero', async () => {
    const nothing = await open('/dev/null', 'r+')
    await nothing.write('gone')
    expect((await nothing.read()).length).toBe(0)
    await expect(nothing.seek(0)).rejects.toMatchObject({ code: 'GH_UNSUPPORTED' })
    await nothing.close()
    const zeros = await open('/dev/zero')
    expect(await zeros.read(100_000)).toEqual(Buffer.alloc(100_000))
    await zeros.close()
  })

  it('a full device fails with ENOSPC, at the write itself', async () => {
    const full = await open('/dev/full', 'w')
    await expect(full.write('x')).rejects.toMatchObject({ code: 'ENOSPC', syscall: 'write' })
    await expect(full.write('x')).rejects.toMatchObject({ code: 'ENOSPC' })
    await full.close()
  })

  it('a limit of the file size fails with EFBIG, and what fits is written', async () => {
    const target = join(folder, `limited-${count}`)
    const program = `
      const { open } = await import('@greenhouse/io')
      process.on('SIGXFSZ', () => {})
      const file = await open(${JSON.stringify(target)}, 'w')
      await file.write(Buffer.alloc(5000)).catch((error) => console.log(error.code))
      console.log(await file.tell())
      await file.close()`
    expect(runNode(program, { prefix: ['prlimit', '--fsize=4096'] }).stdout).toBe('EFBIG\n4096\n')
  })
})

describe.skipIf(process.platform !== 'linux')('File of a descriptor', () => {
  it('I27 of a FIFO is polled', async () => {
    const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
    const file = fromFd(fd, 'r')
    const line = waiter('generator', () => file.readline())
    await settled()
    expect(line.state).toBe('blocked')
    const child = spawn('sh', ['-c', `echo from a shell > ${path}`], { stdio: 'inherit' })
    expect(String(await line.join())).toBe('from a shell\n')
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
    await file.close()
    expect(() => fs.fstatSync(fd)).toThrow('EBADF')
  })

  it('refuses what is not open', () => {
    expect(() => fromFd(987654)).toThrow('EBADF')
    expect(() => fromFd(-1)).toThrow(RangeError)
  })
})

describe('closing while others wait', () => {
  it.skipIf(process.platform !== 'linux')(
    'a greenlet that ends in a read leaves no listener',
    async () => {
      const reader = await open(path, 'r+')
      const greenlet = schedule(function* () {
        yield* reader.read(1)
      })
      await pause()
      end(greenlet)
      await outcome(greenlet)
      expect(reader.statistics()).toEqual({ bytes: 0, waiting: 0, closed: false })
      await reader.close()
    },
  )
})
