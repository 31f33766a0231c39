// The waits on Node's own streams, on datagrams, names, children and signals, cut short in every way.
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Blocking, WaitOptions } from '@greenhouse/scheduler'
import {
  DatagramSocket,
  getNameInfo,
  PipeReader,
  PipeWriter,
  Process,
  resolveName,
  SignalWatcher,
  waitSignal,
} from '@greenhouse/io'
import { KINDS, outcome, settled } from '../../util/test/flows.ts'
import { CUTS } from './cuts.ts'
import { closing, leavesNothing } from './socket-support.ts'
import { zombies } from './process-support.ts'

leavesNothing()

type Reads = Record<string, (reader: PipeReader, options?: WaitOptions) => Blocking<unknown>>
const READS: Reads = {
  read: (reader, options) => reader.read(20, options),
  readSome: (reader, options) => reader.readSome(20, options),
  readInto: (reader, options) => reader.readInto(Buffer.alloc(20), options),
  readline: (reader, options) => reader.readline(Infinity, options),
  readlines: (reader, options) => reader.readlines(options),
  next: (reader, options) => reader.next(options),
}

for (const [how, make] of Object.entries(CUTS)) {
  for (const kind of KINDS) {
    describe(`cut short at ${how} (${kind})`, () => {
      it('a read of a stream takes nothing', async () => {
        const stream = new PassThrough()
        const reader = PipeReader.from(stream)
        for (const [name, read] of Object.entries(READS)) {
          const { victim, cut, error } = make(kind, (options) => read(reader, options))
          await settled()
          if (name !== 'readSome') stream.write('half a li')
          await settled()
          cut()
          expect([name, await outcome(victim)]).toEqual([name, error])
          if (name === 'readSome') stream.write('half a li')
          expect([name, String(await reader.read(9))]).toEqual([name, 'half a li'])
        }
        stream.destroy()
      })

      it('a write to a stream that is in line has no effect, and one under way counts', async () => {
        const passed: string[] = []
        const waiting: (() => void)[] = []
        const stream = new Writable({
          write(chunk, _, done) {
            passed.push(String(chunk))
            waiting.push(done)
          },
        })
        const writer = PipeWriter.from(stream)
        const under = make(kind, (options) => writer.write('first', options))
        await settled()
        const line = make(kind, (options) => writer.write('never', options))
        const flush = make(kind, (options) => writer.flush(options))
        const last = outcome(writer.write('last'))
        await settled()
        for (const { victim, cut, error } of [line, flush, under]) {
          cut()
          expect(await outcome(victim)).toBe(error)
        }
        waiting.shift()!()
        await settled()
        waiting.shift()!()
        expect(await last).toBeUndefined()
        expect(passed).toEqual(['first', 'last'])
        stream.destroy()
      })

      it('a close of a stream destroys it', async () => {
        const stream = new Writable({ write() {} })
        const writer = PipeWriter.from(stream)
        const writing = outcome(writer.write('stuck'))
        const { victim, cut, error } = make(kind, (options) => writer.close(options))
        await settled()
        cut()
        expect(await outcome(victim)).toBe(error)
        expect(stream.destroyed).toBe(true)
        expect(await writing).toBe('GH_CLOSED')
      })

      it('a datagram is there for the next', async () => {
        const socket = closing(new DatagramSocket())
        const sender = closing(new DatagramSocket())
        const address = await socket.bind('127.0.0.1:0')
        const reads: ((options?: WaitOptions) => Blocking<unknown>)[] = [
          (options) => socket.recv(options),
          (options) => socket.recvFrom(options),
          (options) => socket.recvInto(Buffer.alloc(9), options),
          (options) => socket.recvFromInto(Buffer.alloc(9), options),
        ]
        for (const read of reads) {
          const { victim, cut, error } = make(kind, read)
          await settled()
          cut()
          expect(await outcome(victim)).toBe(error)
          await sender.sendTo(Buffer.from('whole'), address)
          expect(String(await socket.recv())).toBe('whole')
        }
      })

      it('a lookup is withdrawn', async () => {
        const silent = closing(new DatagramSocket())
        const { port } = await silent.bind('127.0.0.1:0')
        const servers = [`127.0.0.1:${port}`]
        const lookups: ((options?: WaitOptions) => Blocking<unknown>)[] = [
          (options) => resolveName(`a-${kind}.test`, { ...options, servers }),
          (options) => getNameInfo('192.0.2.7:80', { ...options, servers }),
        ]
        for (const lookup of lookups) {
          const { victim, cut, error } = make(kind, lookup)
          await silent.recv({ timeoutMs: 5000 })
          cut()
          expect(await outcome(victim)).toBe(error)
        }
      })

      it('a wait for a child leaves the child alone', async () => {
        const child = new Process('cat', [], { encoding: 'utf8' })
        const waits: ((options?: WaitOptions) => Blocking<unknown>)[] = [
          (options) => child.wait(options),
          (options) => child.stdout.readline(Infinity, options),
          (options) => child.stdout.read(9, options),
        ]
        for (const wait of waits) {
          const { victim, cut, error } = make(kind, wait)
          await settled()
          cut()
          expect(await outcome(victim)).toBe(error)
        }
        await child.stdin.write('alive\n')
        expect(await child.stdout.readline()).toBe('alive\n')
        expect(await child.stop()).toMatchObject({ signal: 'SIGTERM' })
        expect(zombies()).toEqual([])
      })

      it('a wait for a signal leaves no listener', async () => {
        const before = process.listenerCount('SIGUSR2')
        const watcher = closing(new SignalWatcher('SIGUSR2'))
        const waits: ((options?: WaitOptions) => Blocking<unknown>)[] = [
          (options) => waitSignal('SIGUSR2', options),
          (options) => watcher.wait(options),
          (options) => watcher.next(options),
        ]
        for (const wait of waits) {
          const { victim, cut, error } = make(kind, wait)
          await settled()
          cut()
          expect(await outcome(victim)).toBe(error)
        }
        watcher.close()
        expect(process.listenerCount('SIGUSR2')).toBe(before)
      })
    })
  }
}
