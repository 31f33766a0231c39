// Every wait of sockets and listeners, cut short in every way: what has come is there for the next call, what had not begun
// has no effect, and what cannot go on is closed.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeFileSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause, schedule, type Blocking, type WaitOptions } from '@greenhouse/scheduler'
import { connect, listen, Socket, type Listener, type SocketFile } from '@greenhouse/io'
import { KINDS, outcome, settled, waiter } from '../../util/test/flows.ts'
import { CUTS } from './cuts.ts'
import {
  CERTS,
  closing,
  leavesNothing,
  listening,
  pair,
  TRANSPORTS,
  turn,
} from './socket-support.ts'

leavesNothing()
const until = async (condition: () => boolean) => {
  while (!condition()) await turn()
}
const path = join(tmpdir(), `greenhouse-socket-cancel-${process.pid}`)
beforeAll(() => writeFileSync(path, 'F'.repeat(50)))
afterAll(() => rmSync(path))

const text = (bytes: unknown) => String(bytes)
const file = (socket: Socket): SocketFile => socket.makeFile('r')

/** Reads that want more than has come ("half a li"), where they do not take anything. */
const READS: Record<string, (socket: Socket, options?: WaitOptions) => Blocking<unknown>> = {
  recvExactly: (socket, options) => socket.recvExactly(20, options),
  'makeFile read': (socket, options) => file(socket).read(20, options),
  'makeFile readline': (socket, options) => file(socket).readline(Infinity, options),
  'makeFile readlines': (socket, options) => file(socket).readlines(options),
  'makeFile next': (socket, options) => file(socket).next(options),
}

/** Reads that wait while nothing has come. */
const EMPTY_READS: typeof READS = {
  recv: (socket, options) => socket.recv(100, options),
  recvInto: (socket, options) => socket.recvInto(Buffer.alloc(100), options),
  next: (socket, options) => socket.next(options),
  ...READS,
}

/** What sends, or ends sending, when its turn comes. */
const SENDS: typeof READS = {
  sendAll: (socket, options) => socket.sendAll(Buffer.alloc(50, 'X'), options),
  send: (socket, options) => socket.send(Buffer.alloc(50, 'X'), options),
  sendFile: (socket, options) => socket.sendFile(path, options),
  'makeFile flush': (socket, options) => {
    const out = socket.makeFile('w')
    void out.write(Buffer.alloc(50, 'X'))
    return out.flush(options)
  },
  shutdown: (socket, options) => socket.shutdown('write', options),
}

/** Makes a socket busy, as a write does that the system cannot take at once. */
function hold({ outbox }: Socket): () => void {
  outbox.busy = true
  return () => outbox.done()
}

describe.each(TRANSPORTS)('Socket over $name, cut short', (transport) => {
  for (const [how, make] of Object.entries(CUTS)) {
    for (const kind of KINDS) {
      it(`a read loses nothing at ${how} (${kind})`, async () => {
        const [socket, peer] = await pair(transport)
        for (const [name, read] of Object.entries(EMPTY_READS)) {
          const { victim, cut, error } = make(kind, (options) => read(peer, options))
          const other = waiter(kind, () => peer.recv())
          await settled()
          cut()
          expect([name, await outcome(victim)]).toEqual([name, error])
          await socket.sendAll(Buffer.from(name))
          expect(text(await other.join())).toBe(name)
          expect(peer.inbox.readers!.size).toBe(0)
        }
      })

      it(`a read that has not got all takes nothing at ${how} (${kind})`, async () => {
        const [socket, peer] = await pair(transport)
        for (const [name, read] of Object.entries(READS)) {
          const { victim, cut, error } = make(kind, (options) => read(peer, options))
          await settled()
          await socket.sendAll(Buffer.from('half a li'))
          await until(() => peer.available === 9)
          cut()
          expect([name, await outcome(victim)]).toEqual([name, error])
          expect(text(await peer.recv())).toBe('half a li')
        }
      })

      it(`what stands in line to be sent has no effect at ${how} (${kind})`, async () => {
        const [socket, peer] = await pair(transport)
        for (const [name, send] of Object.entries(SENDS)) {
          const letGo = hold(socket)
          const first = outcome(socket.sendAll(Buffer.from('first')))
          const { victim, cut, error } = make(kind, (options) => send(socket, options))
          await settled()
          // Reading a file takes a while.
          await until(() => socket.outbox.senders!.size === 2)
          const last = outcome(socket.sendAll(Buffer.from('last')))
          cut()
          expect([name, await outcome(victim)]).toEqual([name, error])
          letGo()
          expect([await first, await last]).toEqual([undefined, undefined])
          expect(text(await peer.recvExactly(9))).toBe('firstlast')
        }
      })

      it(`a send that is under way at ${how} leaves the socket usable (${kind})`, async () => {
        const [socket, peer] = await pair(transport)
        const { victim, cut, error } = make(kind, (options) =>
          socket.sendAll(Buffer.alloc(12_000_000, '.'), options),
        )
        await settled()
        cut()
        expect(await outcome(victim)).toBe(error)
        const sent = outcome(socket.sendAll(Buffer.from('after')))
        const ended = outcome(socket.shutdown())
        const all = await peer.makeFile('r').read()
        expect(all.length).toBeLessThan(12_000_000)
        expect(text(all.subarray(-5))).toBe('after')
        expect(all.subarray(0, -5).equals(Buffer.alloc(all.length - 5, '.'))).toBe(true)
        expect([await sent, await ended]).toEqual([undefined, undefined])
      })

      it(`accept loses no connection at ${how} (${kind})`, async () => {
        const listener = await listening(transport)
        const waits: [string, (options?: WaitOptions) => Blocking<unknown>][] = [
          ['accept', (options) => listener.accept(options)],
          ['next', (options) => listener.next(options)],
        ]
        for (const [name, op] of waits) {
          const { victim, cut, error } = make(kind, op)
          const other = waiter(kind, () => listener.accept())
          await settled()
          cut()
          expect([name, await outcome(victim)]).toEqual([name, error])
          const socket = closing(new Socket())
          await socket.connect(listener.address)
          closing(await other.join())
          expect(listener.statistics()).toMatchObject({ pending: 0, acceptors: 0 })
        }
      })
    }
  }

  it('bytes that were handed over in the instant of the end go back, first in line', async () => {
    const [socket, peer] = await pair(transport)
    for (const [name, read] of Object.entries({
      ...EMPTY_READS,
      recvExactly: (s: Socket) => s.recvExactly(3),
      'makeFile read': (s: Socket) => file(s).read(3),
      'makeFile readlines': (s: Socket) => file(s).readline(3),
    })) {
      await socket.sendAll(Buffer.from('one\ntwo\n'))
      await outcome(peer.recvExactly(9, { timeoutMs: 30 }))
      expect(peer.available).toBe(8)
      const careless = schedule(function* () {
        // Complete at once, and never consumed.
        void read(peer)
        yield* pause()
      })
      await careless.join()
      expect([name, text(await peer.recvExactly(8))]).toEqual([name, 'one\ntwo\n'])
    }
  })
})

describe('connect and listen, cut short', () => {
  for (const [how, make] of Object.entries(CUTS)) {
    for (const kind of KINDS) {
      it(`nothing is left of what was beginning at ${how} (${kind})`, async () => {
        const silent = await listening(TRANSPORTS[0]!)
        const made: Socket[] = []
        const lookup = () => {}
        const begun: Record<string, (options?: WaitOptions) => Blocking<unknown>> = {
          'connect, looking a name up': (options) =>
            connect('never.invalid:80', { ...options, lookup }),
          'connect, in the handshake': (options) =>
            connect(silent.address, { ...options, tls: { ca: CERTS.ca.cert } }),
          'Socket.connect': (options) => {
            const socket = new Socket()
            made.push(socket)
            return socket.connect('never.invalid:80', { ...options, lookup })
          },
          listen: (options) => listen('127.0.0.1:0', options),
          'Socket.listen': (options) => {
            const socket = new Socket()
            made.push(socket)
            socket.bind('127.0.0.1:0')
            return socket.listen(options)
          },
        }
        for (const [name, op] of Object.entries(begun)) {
          const { victim, cut, error } = make(kind, (options) => {
            // Listening takes no longer than a turn.
            if (name.includes('isten')) process.nextTick(() => cut())
            return op(options)
          })
          const result = outcome(victim)
          await settled()
          if (!name.includes('isten')) cut()
          expect([name, await result]).toEqual([name, error])
        }
        expect(made.map((socket) => socket.closed)).toEqual([true, true])
      })

      it(`a handshake at ${how} closes the socket (${kind})`, async () => {
        const waits: ((socket: Socket, options?: WaitOptions) => Blocking<unknown>)[] = [
          (socket, options) => socket.startTls({ ca: CERTS.ca.cert, ...options }),
          (socket, options) => {
            socket.beginTls({ ca: CERTS.ca.cert })
            return socket.handshake(options)
          },
        ]
        for (const op of waits) {
          const [socket] = await pair()
          const { victim, cut, error } = make(kind, (options) => op(socket, options))
          await settled()
          cut()
          expect(await outcome(victim)).toBe(error)
          expect(socket.closed).toBe(true)
        }
      })
    }
  }

  it('a wait that must not begin has no effect', async () => {
    const aborted = { signal: AbortSignal.abort(new Error('enough')) }
    const [socket, peer] = await pair()
    await socket.sendAll(Buffer.from('bytes'))
    await until(() => peer.available === 5 || peer.inbox.stopped)
    const listener: Listener = await listening(TRANSPORTS[0]!)
    const fresh = new Socket()
    const waits = [
      ...Object.values(EMPTY_READS).map((read) => read(peer, aborted)),
      ...Object.values(SENDS).map((send) => send(peer, aborted)),
      listener.accept(aborted),
      listener.next(aborted),
      connect(listener.address, aborted),
      fresh.connect(listener.address, aborted),
      fresh.listen(aborted),
      listen('127.0.0.1:0', aborted),
      peer.startTls(aborted),
      peer.handshake(aborted),
    ]
    for (const wait of waits) expect(await outcome(wait)).toBe('enough')
    expect(String(await peer.recv())).toBe('bytes')
    await peer.sendAll(Buffer.from('alive'))
    expect(String(await socket.recv())).toBe('alive')
    await fresh.connect(listener.address)
    closing(fresh)
    expect(listener.pending).toBeLessThanOrEqual(1)
  })
})
