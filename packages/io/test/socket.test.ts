// Sockets over TCP, UNIX sockets and TLS: what the original's tests say of them, and what is ours.
import { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open as openHandle } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { pause, schedule, wait } from '@greenhouse/scheduler'
import {
  connect,
  getDefaultTimeout,
  listen,
  setDefaultTimeout,
  Socket,
  waitFds,
} from '@greenhouse/io'
import { coded, KINDS, outcome, settled, waiter } from '../../util/test/flows.ts'
import { closing, leavesNothing, listening, pair, TRANSPORTS, turn } from './socket-support.ts'

leavesNothing()
const until = async (condition: () => boolean) => {
  while (!condition()) await turn()
}

describe.each(TRANSPORTS)('Socket over $name', (transport) => {
  it('I01 both ends exchange messages', async () => {
    const listener = await listening(transport)
    const server = schedule(function* () {
      const peer = yield* listener.accept()
      const got = yield* peer.recv()
      yield* peer.sendAll(got)
      const end = yield* peer.recv()
      peer.close()
      return end.length
    })
    const socket = closing(await connect(listener.address, transport.connect))
    await socket.sendAll(Buffer.from('hello'))
    expect((await socket.recv()).toString()).toBe('hello')
    await socket.shutdown('write')
    expect(await server.join()).toBe(0)
    expect(await socket.recv()).toHaveLength(0)
  })

  it('I02 short recvs split one message, the last gets the rest', async () => {
    const [socket, peer] = await pair(transport)
    await socket.sendAll(Buffer.from('0123456789'))
    await until(() => peer.available === 10 || peer.inbox.stopped)
    const parts = [await peer.recv(3), await peer.recv(3), await peer.recv(3), await peer.recv()]
    expect(parts.map(String)).toEqual(['012', '345', '678', '9'])
  })

  it('I03 recv on a closed socket fails with GH_CLOSED, as everything else does', async () => {
    const [socket] = await pair(transport)
    socket.close()
    socket.close()
    expect(socket.closed).toBe(true)
    const calls = [
      socket.recv(),
      socket.recvInto(Buffer.alloc(1)),
      socket.recvExactly(1),
      socket.next(),
      socket.send(Buffer.from('x')),
      socket.sendAll(Buffer.from('x')),
      socket.sendFile('/dev/null'),
      socket.shutdown(),
      socket.connect('127.0.0.1:9'),
      socket.listen(),
      socket.accept(),
      socket.startTls(),
      socket.handshake(),
      socket.makeFile().readline(),
    ]
    for (const call of calls) await expect(call).rejects.toThrow(coded('GH_CLOSED') as Error)
    expect(() => socket.unread(Buffer.from('x'))).toThrow(coded('GH_CLOSED') as Error)
    expect(() => socket.toDuplex()).toThrow(coded('GH_CLOSED') as Error)
    expect(() => socket.bind('127.0.0.1:0')).toThrow(coded('GH_CLOSED') as Error)
  })

  it('I05 recvInto fills memory of the caller', async () => {
    const [socket, peer] = await pair(transport)
    await socket.sendAll(Buffer.from('hello'))
    const memory = Buffer.alloc(8, '.')
    expect(await peer.recvInto(memory)).toBe(5)
    expect(memory.toString()).toBe('hello...')
    socket.close()
    expect(await peer.recvInto(memory)).toBe(0)
  })

  it('I05 recvInto takes what comes while it waits, and leaves what does not fit', async () => {
    const [socket, peer] = await pair(transport)
    const memory = Buffer.alloc(8, '.')
    const taken = schedule(async () => peer.recvInto(memory))
    await pause()
    await socket.sendAll(Buffer.from('hello'))
    expect([await taken.join(), memory.toString()]).toEqual([5, 'hello...'])
    const short = schedule(async () => peer.recvInto(memory.subarray(5)))
    await pause()
    await socket.sendAll(Buffer.from('12345'))
    expect([await short.join(), memory.toString()]).toEqual([3, 'hello123'])
    expect((await peer.recv()).toString()).toBe('45')
  })

  it('I07 sendAll delivers all, however much', async () => {
    const [socket, peer] = await pair(transport)
    const bytes = Buffer.alloc(3_000_000, 'greenhouse ')
    const sender = schedule(function* () {
      yield* socket.sendAll(bytes)
      yield* socket.shutdown()
    })
    expect((await peer.makeFile('r').read()).equals(bytes)).toBe(true)
    await sender.join()
  })

  it('I11 main and a greenlet exchange over one pair', async () => {
    const [socket, peer] = await pair(transport)
    const greenlet = schedule(function* () {
      for (let i = 0; i < 20; i++) yield* peer.sendAll(yield* peer.recv())
    })
    for (let i = 0; i < 20; i++) {
      await socket.sendAll(Buffer.from(`message ${i}`))
      expect(String(await socket.recv())).toBe(`message ${i}`)
    }
    await greenlet.join()
  })

  it('I12 makeFile().read() collects chunks and returns only at the end', async () => {
    const [socket, peer] = await pair(transport)
    const reading = schedule(function* () {
      return String(yield* peer.makeFile('r').read())
    })
    for (const chunk of ['one ', 'two ', 'three']) {
      await socket.sendAll(Buffer.from(chunk))
      await settled()
      expect(reading.state).toBe('blocked')
    }
    await socket.shutdown()
    expect(await reading.join()).toBe('one two three')
  })

  it('I13 a time-out is readable back, and recv raises it', async () => {
    const [socket] = await pair(transport)
    socket.timeoutMs = 5
    expect(socket.timeoutMs).toBe(5)
    await expect(socket.recv()).rejects.toThrow(coded('GH_TIMEOUT') as Error)
    // One of the call's own comes first.
    socket.timeoutMs = 60_000
    await expect(socket.recv(10, { timeoutMs: 5 })).rejects.toThrow(coded('GH_TIMEOUT') as Error)
    expect(() => (socket.timeoutMs = -1)).toThrow(coded('GH_INVALID_ARGUMENT') as Error)
  })

  for (const kind of KINDS) {
    it(`I14 the same inside a greenlet (${kind})`, async () => {
      const [socket] = await pair(transport)
      socket.timeoutMs = 5
      expect(await outcome(waiter(kind, () => socket.recv()))).toBe('GH_TIMEOUT')
      expect(await outcome(waiter(kind, () => socket.makeFile('r').readline()))).toBe('GH_TIMEOUT')
    })
  }

  it('I16 accept blocks until somebody connects', async () => {
    const listener = await listening(transport)
    const accepting = schedule(function* () {
      return closing(yield* listener.accept())
    })
    await settled()
    expect(accepting.state).toBe('blocked')
    closing(await connect(listener.address))
    expect(await accepting.join()).toBeInstanceOf(Socket)
  })

  it('I17 the names of both ends mirror each other, also after close', async () => {
    const [socket, peer] = await pair(transport)
    const [names, theirs] = [socket, peer].map((each) => [each.sockName, each.peerName])
    if (transport.name === 'UNIX') expect([names![1], theirs![0]]).toEqual([names![1], names![1]])
    else expect(names).toEqual(theirs!.toReversed())
    socket.close()
    peer.close()
    expect([socket.sockName, socket.peerName]).toEqual(names)
    expect([peer.sockName, peer.peerName]).toEqual(theirs)
  })

  it('I18 I20 a socket that may not block fails at once, and reads ahead', async () => {
    const [socket, peer] = await pair(transport)
    peer.setBlocking(false)
    expect(peer.blocking).toBe(false)
    const eagain = coded('EAGAIN') as Error
    await expect(peer.recv()).rejects.toThrow(eagain)
    await expect(peer.recvInto(Buffer.alloc(5))).rejects.toThrow(eagain)
    await expect(peer.recvExactly(5)).rejects.toThrow(eagain)
    await expect(peer.next()).rejects.toThrow(eagain)
    await expect(peer.makeFile('r').readline()).rejects.toThrow(eagain)
    await socket.sendAll(Buffer.from('hello'))
    await until(() => peer.available === 5)
    await expect(peer.recvExactly(6)).rejects.toThrow(eagain)
    expect(String(await peer.recvExactly(5))).toBe('hello')
    // Sends fail only while an earlier one is under way.
    let sent = 0
    const flood = async () => {
      for (; ; sent++) await peer.sendAll(Buffer.alloc(65_536))
    }
    const sending = peer.sendAll(Buffer.alloc(30_000_000))
    await expect(flood()).rejects.toThrow(eagain)
    expect(sent).toBe(0)
    socket.close()
    expect(['EPIPE', 'ECONNRESET']).toContain(await outcome(sending))
  })

  it('I22 an accept that may not block fails at once', async () => {
    const server = closing(new Socket())
    server.bind(transport.address())
    await server.listen(transport.listen)
    server.setBlocking(false)
    await expect(server.accept()).rejects.toThrow(coded('EAGAIN') as Error)
    const client = closing(await connect(server.sockName!))
    await until(() => server.listener!.pending > 0)
    expect(closing(await server.accept()).closed).toBe(false)
    client.close()
  })

  it('I41 waitFds on sockets: writable at once, readable when something has come', async () => {
    const [socket, peer] = await pair(transport)
    const ends = [socket, peer]
    expect((await waitFds([], ends)).writable).toEqual(ends)
    expect((await waitFds(ends, [], { timeoutMs: 5 })).readable).toEqual([])
    await socket.sendAll(Buffer.from('x'))
    expect((await waitFds(ends, [])).readable).toEqual([peer])
    expect(String(await peer.recv())).toBe('x')
    socket.close()
    expect((await waitFds([peer], [])).readable).toEqual([peer])
    expect(await peer.recv()).toHaveLength(0)
  })

  it('recvExactly takes all or nothing', async () => {
    const [socket, peer] = await pair(transport)
    await socket.sendAll(Buffer.from('123456'))
    expect(String(await peer.recvExactly(4))).toBe('1234')
    expect(await peer.recvExactly(0)).toHaveLength(0)
    await expect(peer.recvExactly(4, { timeoutMs: 5 })).rejects.toThrow(
      coded('GH_TIMEOUT') as Error,
    )
    socket.close()
    await expect(peer.recvExactly(4)).rejects.toThrow(coded('GH_EOF') as Error)
    expect(String(await peer.recv())).toBe('56')
    expect(await peer.recv()).toHaveLength(0)
  })

  it('unread gives bytes to the next reader, before others', async () => {
    const [socket, peer] = await pair(transport)
    await socket.sendAll(Buffer.from('world'))
    peer.unread(Buffer.from('hello '))
    expect(String(await peer.recvExactly(11))).toBe('hello world')
    const reading = peer.recv()
    peer.unread(Buffer.from('again'))
    expect(String(await reading)).toBe('again')
  })

  it('iterates until the end of the stream, in async code and by next', async () => {
    const [socket, peer] = await pair(transport)
    const echo = schedule(function* () {
      for (let step; !(step = yield* peer.next()).done;) yield* peer.sendAll(step.value)
      yield* peer.shutdown()
    })
    await socket.sendAll(Buffer.from('one two'))
    await socket.shutdown()
    let text = ''
    for await (const bytes of socket) text += String(bytes)
    expect(text).toBe('one two')
    await echo.join()
  })

  it('sends of several greenlets do not mix', async () => {
    const [socket, peer] = await pair(transport)
    const size = 700_000
    const senders = ['a', 'b', 'c'].map((letter) =>
      schedule(function* () {
        yield* socket.sendAll(Buffer.alloc(size, letter))
      }),
    )
    const got: string[] = []
    for (let i = 0; i < 3; i++) {
      const part = await peer.recvExactly(size)
      got.push(String.fromCharCode(part[0]!))
      expect(part.equals(Buffer.alloc(size, part[0]))).toBe(true)
    }
    expect(got).toEqual(['a', 'b', 'c'])
    for (const sender of senders) await sender.join()
  })

  it('Q18 close wakes everybody who waits', async () => {
    const [socket, peer] = await pair(transport)
    const waits = [
      peer.recv(),
      peer.recvExactly(3),
      peer.recvInto(Buffer.alloc(3)),
      peer.next(),
      peer.makeFile('r').readline(),
      peer.sendAll(Buffer.alloc(30_000_000)),
      peer.sendAll(Buffer.from('next in line')),
      peer.shutdown(),
    ]
    const greenlets = KINDS.map((kind) => waiter(kind, () => peer.recv()))
    await settled()
    peer.close()
    for (const each of [...waits, ...greenlets]) expect(await outcome(each)).toBe('GH_CLOSED')
    socket.close()
  })

  it('half closes: reading goes on after the end was sent, and the other way round', async () => {
    const [socket, peer] = await pair(transport)
    await socket.shutdown('write')
    await socket.shutdown('write')
    expect(await peer.recv()).toHaveLength(0)
    await expect(socket.sendAll(Buffer.from('x'))).rejects.toThrow(coded('EPIPE') as Error)
    await peer.sendAll(Buffer.from('still here'))
    expect(String(await socket.recv())).toBe('still here')
    await socket.shutdown('read')
    expect(await socket.recv()).toHaveLength(0)
    await peer.shutdown('both')
    expect(await peer.recv()).toHaveLength(0)
    await expect(peer.send(Buffer.from('x'))).rejects.toThrow(coded('EPIPE') as Error)
  })

  it('what was sent is out although the socket is closed at once', async () => {
    const [socket, peer] = await pair(transport)
    const bytes = Buffer.alloc(200_000, 'x')
    const reading = schedule(function* () {
      return (yield* peer.makeFile('r').read()).length
    })
    await socket.sendAll(bytes)
    socket.close()
    expect(await reading.join()).toBe(bytes.length)
  })

  it('sends a file, or part of it, and leaves a FileHandle open', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'greenhouse-send-'))
    const path = join(folder, 'file')
    writeFileSync(path, Buffer.alloc(500_000, '0123456789'))
    const handle = await openHandle(path)
    try {
      const [socket, peer] = await pair(transport)
      const reading = schedule(function* () {
        return yield* peer.makeFile('r').read()
      })
      expect(await socket.sendFile(path)).toBe(500_000)
      expect(await socket.sendFile(handle, { offset: 10, length: 5 })).toBe(5)
      expect(await socket.sendFile(path, { offset: 499_998, length: 50 })).toBe(2)
      await expect(socket.sendFile(join(folder, 'none'))).rejects.toThrow(coded('ENOENT') as Error)
      await socket.shutdown()
      const all = await reading.join()
      expect(all).toHaveLength(500_007)
      expect(all.subarray(500_000).toString()).toBe('0123489')
      expect((await handle.stat()).size).toBe(500_000)
    } finally {
      await handle.close()
      rmSync(folder, { recursive: true })
    }
  })

  it('is a file with lines and a buffer', async () => {
    const [socket, peer] = await pair(transport)
    const out = socket.makeFile('w', { encoding: 'utf8', bufferBytes: 1000 })
    await out.write('öne\n')
    await out.writelines(['two\n', 'three'])
    await turn()
    const file = peer.makeFile('r', { encoding: 'utf8' })
    await expect(file.readline(100, { timeoutMs: 5 })).rejects.toThrow(coded('GH_TIMEOUT') as Error)
    await out.close()
    await socket.shutdown()
    expect(await file.readline()).toBe('öne\n')
    expect(String(await peer.recv(1))).toBe('t')
    expect(await file.readline(1)).toBe('w')
    const rest: string[] = []
    for await (const line of file) rest.push(line)
    expect(rest).toEqual(['o\n', 'three'])
    await file.close()
    expect(peer.closed).toBe(false)
    await expect(file.readline()).rejects.toThrow(coded('GH_CLOSED') as Error)
    await expect(peer.makeFile('r').write(Buffer.from('x'))).rejects.toThrow(
      coded('GH_UNSUPPORTED') as Error,
    )
  })

  it('I15 is handed out as a stream with what was read too early, and comes back', async () => {
    const [socket, peer] = await pair(transport)
    await peer.sendAll(Buffer.from('early '))
    expect(String(await socket.recv(1))).toBe('e')
    const stream = socket.toDuplex()
    expect(socket.closed).toBe(true)
    await expect(socket.recv()).rejects.toThrow('handed out')
    await peer.sendAll(Buffer.from('late'))
    stream.write('to the peer')
    expect(String(await peer.recv())).toBe('to the peer')
    const again = closing(Socket.from(stream))
    expect(String(await again.recvExactly(9))).toBe('arly late')
    await again.sendAll(Buffer.from('back'))
    expect(String(await peer.recv())).toBe('back')
    peer.close()
    expect(await again.recv()).toHaveLength(0)
  })

  it('is handed out as web streams', async () => {
    const [socket, peer] = await pair(transport)
    const { readable, writable } = socket.toWeb()
    const writer = writable.getWriter()
    await writer.write(Buffer.from('hello'))
    expect(String(await peer.recv())).toBe('hello')
    await peer.sendAll(Buffer.from('world'))
    await peer.shutdown()
    let text = ''
    for await (const bytes of readable) text += Buffer.from(bytes).toString()
    expect(text).toBe('world')
    await writer.close()
    expect(await peer.recv()).toHaveLength(0)
  })
})

describe('Socket', () => {
  it('I08 sends on a connected stream need no address', async () => {
    const [socket, peer] = await pair()
    expect(await socket.send(Buffer.from('x'.repeat(300_000)))).toBe(262_144)
    expect(await peer.recvExactly(262_144)).toHaveLength(262_144)
    expect(await socket.send(Buffer.alloc(0))).toBe(0)
  })

  it('I09 I10 says what Node cannot do', async () => {
    const [socket] = await pair()
    for (const call of [
      () => socket.dup(),
      () => socket.setSockOpt(1, 2, 3),
      () => socket.getSockOpt(1, 2),
      () => socket.unwrap(),
    ]) {
      expect(call).toThrow(coded('GH_UNSUPPORTED') as Error)
    }
    expect(socket.setNoDelay().setKeepAlive(true, 1000)).toBe(socket)
    expect(socket.fileno()).toBeGreaterThan(2)
  })

  it('I23 takes the default time-out of its time, and later changes do not reach it', async () => {
    expect(getDefaultTimeout()).toBe(Infinity)
    setDefaultTimeout(7)
    const early = new Socket()
    setDefaultTimeout(Infinity)
    expect([early.timeoutMs, new Socket().timeoutMs]).toEqual([7, Infinity])
  })

  it('I24 a connect that makes no sense raises, and leaves nothing', async () => {
    const invalid = coded('GH_INVALID_ARGUMENT') as Error
    expect(() => connect({ host: '127.0.0.1', port: 70_000 })).toThrow(invalid)
    expect(() => connect('127.0.0.1:0')).toThrow(invalid)
    expect(() => connect('127.0.0.1:9', { family: 5 as never })).toThrow(invalid)
    const server = await listen('127.0.0.1:0')
    server.close()
    await until(() => server.closed)
    const socket = new Socket()
    await expect(socket.connect(server.address)).rejects.toThrow(coded('ECONNREFUSED') as Error)
    await expect(socket.recv()).rejects.toThrow(coded('ENOTCONN') as Error)
    await expect(connect({ path: '/nowhere/at.all' })).rejects.toThrow(coded('ENOENT') as Error)
    await expect(connect('name.invalid:80', { timeoutMs: 5000 })).rejects.toThrow()
  })

  it('connects again after a connect that failed, then not twice', async () => {
    const listener = await listening(TRANSPORTS[0]!)
    const gone = await listen('127.0.0.1:0')
    gone.close()
    const socket = closing(new Socket())
    await expect(socket.connect(gone.address)).rejects.toThrow(coded('ECONNREFUSED') as Error)
    await socket.connect(listener.address)
    await expect(socket.connect(listener.address)).rejects.toThrow(coded('EISCONN') as Error)
    await expect(socket.listen()).rejects.toThrow(coded('EINVAL') as Error)
    expect(() => socket.bind('127.0.0.1:0')).toThrow(coded('EINVAL') as Error)
    await expect(socket.accept()).rejects.toThrow(coded('EINVAL') as Error)
  })

  it('connects in the background when it may not block', async () => {
    const listener = await listening(TRANSPORTS[0]!)
    const socket = closing(new Socket())
    socket.setBlocking(false)
    await expect(socket.connect(listener.address)).rejects.toThrow(coded('EINPROGRESS') as Error)
    expect((await waitFds([], [socket])).writable).toEqual([socket])
    const peer = closing(await listener.accept())
    await socket.sendAll(Buffer.from('x'))
    expect(String(await peer.recv())).toBe('x')
  })

  it('connects from where bind said, and by name to whichever address answers', async () => {
    const listener = await listening(TRANSPORTS[0]!)
    const bound = closing(new Socket())
    bound.bind('127.0.0.1:0')
    await bound.connect(listener.address)
    expect(bound.sockName).toMatchObject({ host: '127.0.0.1' })
    const named = closing(await connect({ host: 'localhost', port: listener.address.port! }))
    expect(named.peerName).toEqual(listener.address)
    const chosen: unknown[] = []
    const looked = closing(
      await connect(`example.invalid:${listener.address.port}`, {
        lookup: (name, _, done) => {
          chosen.push(name)
          done(null, [
            { address: '::1', family: 6 },
            { address: '127.0.0.1', family: 4 },
          ])
        },
      }),
    )
    expect([chosen, looked.peerName]).toEqual([['example.invalid'], listener.address])
  })

  it('wraps a Duplex, and gives its error', async () => {
    const { Duplex } = await import('node:stream')
    const written: string[] = []
    const duplex = new Duplex({
      read() {},
      write(chunk, _, done) {
        written.push(String(chunk))
        done()
      },
    })
    duplex.push('early ')
    const socket = closing(Socket.from(duplex))
    duplex.push('late')
    expect(String(await socket.recvExactly(10))).toBe('early late')
    await socket.sendAll(Buffer.from('out'))
    expect(written).toEqual(['out'])
    const reading = outcome(socket.recv())
    duplex.destroy(Object.assign(new Error('torn'), { code: 'ETORN' }))
    expect(await reading).toBe('ETORN')
    expect(() => Socket.from(duplex)).toThrow(coded('GH_CLOSED') as Error)
    expect(() => Socket.from({} as never)).toThrow(coded('GH_INVALID_ARGUMENT') as Error)
  })

  it('refuses to be handed out while somebody uses it', async () => {
    const [socket, peer] = await pair()
    const reading = outcome(socket.recv())
    expect(() => socket.toDuplex()).toThrow(coded('GH_INVALID_STATE') as Error)
    await peer.sendAll(Buffer.from('x'))
    await reading
    const stream = socket.toDuplex()
    stream.destroy()
    expect(await peer.recv()).toHaveLength(0)
  })

  it('refuses what makes no sense', async () => {
    const [socket] = await pair()
    const invalid = coded('GH_INVALID_ARGUMENT') as Error
    expect(() => socket.recv(0)).toThrow(invalid)
    expect(() => socket.recvInto(Buffer.alloc(0))).toThrow(invalid)
    expect(() => socket.recvExactly(-1)).toThrow(invalid)
    expect(() => socket.sendAll('text' as never)).toThrow(invalid)
    expect(() => socket.shutdown('all' as never)).toThrow(invalid)
    expect(() => socket.makeFile('x')).toThrow(invalid)
    expect(() => socket.makeFile('r', { encoding: 'utf16le' as never })).toThrow(invalid)
    expect(() => socket.setBlocking(0 as never)).toThrow(invalid)
    expect(() => socket.unread('x' as never)).toThrow(invalid)
  })
})

describe('Listener', () => {
  it('takes connections in order, by several greenlets', async () => {
    const listener = await listening(TRANSPORTS[0]!)
    const first = listener.accept()
    const second = schedule(function* () {
      return yield* listener.accept()
    })
    await pause()
    const clients = []
    for (let i = 0; i < 3; i++) clients.push(closing(await connect(listener.address)))
    const peers = [await first, await second.join(), await listener.accept()].map(closing)
    expect(peers.map((peer) => peer.peerName)).toEqual(clients.map((each) => each.sockName))
    expect(listener.statistics()).toEqual({ pending: 0, acceptors: 0, closed: false })
  })

  it('is iterated until it is closed, by async code and by generators', async () => {
    const listener = await listening(TRANSPORTS[0]!)
    const taken: Socket[] = []
    const iterating = schedule(async () => {
      for await (const socket of listener) taken.push(closing(socket))
      return 'over'
    })
    const stepping = schedule(function* () {
      for (let step; !(step = yield* listener.next()).done;) taken.push(closing(step.value))
      return 'over'
    })
    for (let i = 0; i < 4; i++) closing(await connect(listener.address))
    await until(() => taken.length === 4)
    const waiting = outcome(listener.accept())
    listener.close()
    expect([await iterating.join(), await stepping.join(), await waiting]).toEqual([
      'over',
      'over',
      'GH_CLOSED',
    ])
    await expect(listener.accept()).rejects.toThrow(coded('GH_CLOSED') as Error)
    expect(await listener.next()).toEqual({ done: true, value: undefined })
  })

  it('closes connections that nobody has taken', async () => {
    const listener = await listening(TRANSPORTS[0]!)
    const socket = closing(await connect(listener.address))
    await until(() => listener.pending === 1)
    listener.close()
    expect(['ECONNRESET', '']).toContain(String(await outcome(socket.recv())))
  })

  it('fails with the errors of the system', async () => {
    const listener = await listening(TRANSPORTS[0]!)
    await expect(listen(listener.address)).rejects.toThrow(coded('EADDRINUSE') as Error)
    await expect(listen({ path: '/nowhere/at.all' })).rejects.toThrow(coded('EACCES') as Error)
    expect(() => listen('127.0.0.1:0', { backlog: 0 })).toThrow(
      coded('GH_INVALID_ARGUMENT') as Error,
    )
  })

  it('is a plain net.Server below, and is closed for good', async () => {
    const listener = await listening(TRANSPORTS[0]!)
    expect(listener.server).toBeInstanceOf(Server)
    listener.close()
    await wait(new Promise((resolve) => listener.server.once('close', resolve)))
    expect(await outcome(connect(listener.address))).toBe('ECONNREFUSED')
  })
})
