// Peers that mean no good, and machines that have run out of something. Nothing may hang past its deadline, and nothing may
// be left: descriptors, listeners, timers and greenlets are counted after each test. GREENHOUSE_LONG=1 runs the long forms.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import {
  connect as connectNode,
  createServer,
  type AddressInfo,
  type Socket as NodeSocket,
} from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { end, moveOnAfter, schedule, withTimeout, type Steps } from '@greenhouse/scheduler'
import { connect, StreamServer, type Address, type Socket } from '@greenhouse/io'
import { outcome, settled } from '../../util/test/flows.ts'
import { hostile } from './hostile.ts'
import { runNode } from './run-node.ts'
import { closing, leavesNothing, listening, pair, TRANSPORTS, turn } from './socket-support.ts'

leavesNothing()
const LONG = process.env['GREENHOUSE_LONG'] === '1'
const PATIENCE = LONG ? 900_000 : 30_000
const TCP_KINDS = TRANSPORTS.filter(({ name }) => name === 'IPv4' || name === 'TLS')
const until = async (condition: () => boolean) => {
  while (!condition()) await turn()
}

/** A server of Node's whose connections the test gets raw. */
async function rawServer(handler: (socket: NodeSocket) => void): Promise<Address> {
  const sockets: NodeSocket[] = []
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, pauseOnConnect: true },
    (socket) => {
      sockets.push(socket.on('error', () => {}))
      handler(socket)
    },
  )
  closing({
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { address, port } = server.address() as AddressInfo
  return { host: address, port }
}

/** The exchange of these tests: a line with a length, and an answer of that length. */
function* answering(socket: Socket): Steps<void> {
  const file = socket.makeFile('r', { encoding: 'latin1' })
  for (let line; (line = yield* file.readline()).endsWith('\n');) {
    yield* socket.sendAll(Buffer.alloc(Number(line), 'a'))
  }
}

function* asking(socket: Socket, size: number): Steps<string> {
  try {
    yield* socket.sendAll(Buffer.from(`${size}\n`))
    return String(yield* socket.recvExactly(size))
  } finally {
    socket.close()
  }
}

describe.each(TCP_KINDS)('a hostile peer over $name', (transport) => {
  it(
    'that resets at every byte of an exchange',
    async () => {
      const server = new StreamServer(answering, transport.listen)
      const address = await server.start('127.0.0.1:0')
      closing({ close: () => void server.stop({ timeoutMs: 0 }) })
      const size = 50
      const exchange = async (resetAfter: number) => {
        const peer = await hostile(address, { resetAfter })
        try {
          const socket = await connect(peer.address, { ...transport.connect, timeoutMs: 5000 })
          const got = await withTimeout(5000, () => asking(socket, size))
          expect(got).toBe('a'.repeat(size))
          return null
        } catch (error) {
          return (error as { code?: string }).code ?? String(error)
        } finally {
          // Both ends hear of it.
          await until(() => server.statistics().active === 0)
          expect(peer.passed()).toBeLessThanOrEqual(resetAfter)
          peer.close()
        }
      }
      const whole = await hostile(address)
      const socket = await connect(whole.address, transport.connect)
      await withTimeout(5000, () => asking(socket, size))
      const total = whole.passed()
      whole.close()
      const codes = new Map<string | null, number>()
      const step = LONG || total < 200 ? 1 : Math.ceil(total / 150)
      for (let at = 0; at < total; at += step) {
        const code = await exchange(at)
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }
      // One that is cut fails as such: it is no end of the stream, no time-out and never the whole.
      const expected = ['ECONNRESET', 'EPIPE', null]
      expect([...codes.keys()].filter((code) => !expected.includes(code))).toEqual([])
      expect(codes.get('ECONNRESET')).toBeGreaterThan(10)
      expect(codes.get(null) ?? 0).toBeLessThanOrEqual(transport.name === 'TLS' ? total : 0)
      expect(server.statistics()).toMatchObject({ active: 0, failed: 0 })
      expect(await server.stop()).toBe(true)
    },
    PATIENCE,
  )

  it('that says everything in segments of one byte', async () => {
    const server = new StreamServer(answering, transport.listen)
    const peer = closing(await hostile(await server.start('127.0.0.1:0'), { byteByByte: true }))
    const socket = closing(await connect(peer.address, transport.connect))
    expect(await withTimeout(10_000, () => asking(socket, 300))).toBe('a'.repeat(300))
    expect(await server.stop()).toBe(true)
  })

  it('that never reads: senders wait, time out, and are ended', async () => {
    const listener = await listening(transport)
    const taken = schedule(function* () {
      const peer = closing(yield* listener.accept())
      yield* peer.handshake()
      return peer
    })
    const socket = closing(await connect(listener.address, transport.connect))
    await taken.join()
    const block = Buffer.alloc(1_000_000)
    const before = process.memoryUsage().arrayBuffers
    const flood = schedule(function* () {
      for (let sent = 0; ; sent++) yield* socket.sendAll(block, { timeoutMs: 50 })
    })
    expect(await outcome(flood)).toBe('GH_TIMEOUT')
    const sender = schedule(function* () {
      yield* socket.sendAll(block)
    })
    await settled()
    end(sender)
    expect(await outcome(sender)).toBe('GH_EXIT')
    // At most a slice is held for the system; nothing piles up behind it.
    for (let i = 0; i < 50; i++) {
      expect(await outcome(socket.sendAll(block, { timeoutMs: 1 }))).toBe('GH_TIMEOUT')
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000)
    socket.close()
  })

  it('that never reads does not hold up the stop of a server', async () => {
    const server = new StreamServer(function* (socket) {
      for (;;) yield* socket.sendAll(Buffer.alloc(100_000))
    }, transport.listen)
    const address = await server.start('127.0.0.1:0')
    const socket = closing(await connect(address, transport.connect))
    await until(() => server.statistics().active === 1)
    const started = performance.now()
    expect(await server.stop({ timeoutMs: 50 })).toBe(false)
    expect(performance.now() - started).toBeLessThan(2000)
    socket.close()
  })

  it(
    `a stream of ${LONG ? '4 GB' : '300 MB'} takes no more memory than a short one`,
    async () => {
      const [socket, peer] = await pair(transport)
      const megabytes = LONG ? 4096 : transport.name === 'TLS' ? 100 : 300
      const block = Buffer.alloc(1 << 20, 'x')
      const sender = schedule(function* () {
        for (let i = 0; i < megabytes; i++) yield* socket.sendAll(block)
        yield* socket.shutdown()
      })
      let got = 0
      let most = 0
      let base = 0
      let ahead = 0
      for await (const bytes of peer) {
        const early = got < 32 << 20
        got += bytes.length
        if (got % 64 === 0 || early) ahead = Math.max(ahead, peer.available)
        if (early) base = Math.max(base, process.memoryUsage.rss())
        else if ((got >> 20) % 16 === 0) most = Math.max(most, process.memoryUsage.rss())
      }
      await sender.join()
      expect(got).toBe(megabytes * (1 << 20))
      expect(ahead).toBeLessThanOrEqual(1 << 18)
      expect(most - base).toBeLessThan(100 << 20)
    },
    PATIENCE,
  )
})

describe('a hostile peer', () => {
  it('that is half open: its end is an end, and sending goes on', async () => {
    const heard: Buffer[] = []
    const address = await rawServer((socket) => {
      socket.end('last words')
      socket.on('data', (chunk) => heard.push(chunk)).resume()
    })
    const socket = closing(await connect(address))
    expect(String(await socket.makeFile('r').read())).toBe('last words')
    expect(await socket.recv()).toHaveLength(0)
    for (let i = 0; i < 10; i++) await socket.sendAll(Buffer.from('still '))
    await until(() => Buffer.concat(heard).length === 60)
    expect(socket.closed).toBe(false)
  })

  it('that says nothing at all: every wait ends at its deadline', async () => {
    const address = await rawServer(() => {})
    const socket = closing(await connect(address))
    const file = socket.makeFile('r')
    const waits = [
      () => socket.recv(1, { timeoutMs: 20 }),
      () => socket.recvExactly(1, { timeoutMs: 20 }),
      () => socket.recvInto(Buffer.alloc(1), { timeoutMs: 20 }),
      () => socket.next({ timeoutMs: 20 }),
      () => file.read(5, { timeoutMs: 20 }),
      () => file.readline(5, { timeoutMs: 20 }),
      () => file.readlines({ timeoutMs: 20 }),
      () => file.next({ timeoutMs: 20 }),
      () => withTimeout(20, () => socket.recv()),
    ]
    for (const wait of waits) {
      const started = performance.now()
      expect(await outcome(wait())).toBe('GH_TIMEOUT')
      expect(performance.now() - started).toBeGreaterThanOrEqual(20)
    }
  })

  it('that resets while somebody reads and somebody sends: both hear of it', async () => {
    const address = await rawServer((socket) => {
      setImmediate(() => socket.resetAndDestroy())
    })
    const socket = closing(await connect(address))
    const both = [outcome(socket.recv()), outcome(socket.sendAll(Buffer.alloc(10_000_000)))]
    for (const code of await Promise.all(both)) expect(code).toMatch(/^(ECONNRESET|EPIPE)$/)
    expect(await outcome(socket.recv())).toMatch(/^(ECONNRESET|EPIPE)$/)
    expect(await outcome(socket.sendAll(Buffer.from('x')))).toMatch(/^(ECONNRESET|EPIPE)$/)
    expect(socket.closed).toBe(false)
  })

  it('bytes right before a reset are there, and the reset is no end', async () => {
    const address = await rawServer((socket) => {
      socket.once('data', () => socket.write('half an ans', () => socket.resetAndDestroy()))
      socket.resume()
    })
    for (let i = 0; i < 20; i++) {
      const socket = closing(await connect(address))
      await socket.sendAll(Buffer.from('?'))
      const bytes = await outcome(socket.recv())
      if (bytes !== 'ECONNRESET') expect(String(bytes)).toBe('half an ans')
      expect(await outcome(socket.recv())).toBe('ECONNRESET')
      socket.close()
    }
  })

  it('slow-loris: others are served meanwhile, and a deadline gets rid of it', async () => {
    const server = new StreamServer(function* (socket) {
      const file = socket.makeFile('r', { encoding: 'latin1' })
      const line = yield* moveOnAfter(1500, () => file.readline())
      if (line === undefined) return
      yield* socket.sendAll(Buffer.from(`you said ${line}`))
    })
    const address = await server.start('127.0.0.1:0')
    closing({ close: () => void server.stop({ timeoutMs: 0 }) })
    const slow = Array.from({ length: 40 }, () => {
      const socket = connectNode(address.port!, '127.0.0.1').on('error', () => {})
      socket.resume()
      const timer = setInterval(() => socket.write('x'), 20)
      return new Promise<void>((resolve) => {
        socket.once('close', () => {
          clearInterval(timer)
          resolve()
        })
      })
    })
    await until(() => server.statistics().active === 40)
    const started = performance.now()
    for (let i = 0; i < 5; i++) {
      const socket = closing(await connect(address))
      await socket.sendAll(Buffer.from(`${i}\n`))
      expect(String(await socket.makeFile('r').read())).toBe(`you said ${i}\n`)
    }
    expect(performance.now() - started).toBeLessThan(1500)
    await Promise.all(slow)
    expect(server.statistics()).toMatchObject({ accepted: 45, active: 0 })
  })
})

describe('a full backlog', () => {
  it(
    'many connects to it all end at their deadline, or get through',
    async () => {
      const count = LONG ? 10_000 : 300
      // A process that does not accept, since it is stopped: the system's own queue is all there is.
      const child = spawn(process.execPath, [
        '-e',
        `require('net').createServer((s) => s.on('error', () => {})).listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
          console.log(this.address().port)
        })`,
      ])
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
      const port = Number(line)
      try {
        child.kill('SIGSTOP')
        const started = performance.now()
        const codes = await Promise.all(
          Array.from({ length: count }, () =>
            outcome(
              connect({ host: '127.0.0.1', port }, { timeoutMs: 500 }).then((socket) => {
                socket.close()
                return 'through'
              }),
            ),
          ),
        )
        expect(performance.now() - started).toBeLessThan(LONG ? 120_000 : 10_000)
        const seen = new Set(codes)
        for (const code of seen) expect(['through', 'GH_TIMEOUT', 'ECONNRESET']).toContain(code)
        expect(codes.filter((code) => code === 'GH_TIMEOUT').length).toBeGreaterThan(count / 2)
      } finally {
        child.kill('SIGKILL')
        await once(child, 'close')
      }
    },
    PATIENCE,
  )

  it(
    'of connections that nobody takes: they wait in order, and the close ends them all',
    async () => {
      const count = LONG ? 4000 : 500
      const listener = await listening(TRANSPORTS[0]!)
      const clients: Socket[] = []
      while (clients.length < count) {
        const some = Array.from({ length: 100 }, () => connect(listener.address))
        for (const socket of await Promise.all(some)) clients.push(closing(socket))
      }
      await until(() => listener.pending === count)
      const first = closing(await listener.accept())
      await first.sendAll(Buffer.from('hello'))
      const heard = await Promise.all(
        clients.map((socket) => outcome(socket.recv(9, { timeoutMs: LONG ? 5000 : 300 }))),
      )
      expect(heard.filter((bytes) => String(bytes) === 'hello')).toHaveLength(1)
      listener.close()
      const left = clients.filter((_, i) => heard[i] === 'GH_TIMEOUT')
      const ends = await Promise.all(left.map((socket) => outcome(socket.recv())))
      for (const end of new Set(ends.map(String))) expect(['', 'ECONNRESET']).toContain(end)
    },
    PATIENCE,
  )
})

describe.skipIf(process.platform === 'win32')('a machine that has run out', () => {
  const limited = (limit: string, program: string) =>
    runNode(program, { prefix: ['/bin/sh', '-c', `ulimit ${limit}; exec "$@"`, 'sh'] })

  it(
    'of descriptors: everything that opens fails with EMFILE, and works again afterwards',
    { timeout: PATIENCE },
    () => {
      const { stdout, stderr } = limited(
        '-n 100',
        `
      import { openSync, closeSync, readdirSync } from 'node:fs'
      import {
        connect, DatagramSocket, listen, open, readFile, runProcess, StreamServer, walk,
          writeFileAtomic
      } from '@greenhouse/io'
      const code = (of) => Promise.resolve(of).then((value) => 'none', (error) => error.code)
      const all = async () => {
        const listener = await listen('127.0.0.1:0').catch(() => null)
        const results = {
          listen: listener === null ? 'EMFILE' : 'none',
          connect: await code(connect(address, { timeoutMs: 2000 }).then((socket) => socket.close())),
          open: await code(open('/dev/null').then((file) => file.close())),
          read: await code(readFile('/etc/hostname')),
          write: await code(writeFileAtomic('${join(tmpdir(), `greenhouse-emfile-${process.pid}`)}', 'x')),
          walk: await code(walk('/etc').next()),
          process: await code(runProcess('true', [], { timeoutMs: 5000 })),
          datagram: await code(bound()),
        }
        listener?.close()
        return results
      }
      const bound = async () => {
        const socket = new DatagramSocket()
        try {
          await socket.bind('127.0.0.1:0')
        } finally {
          socket.close()
        }
      }
      const server = new StreamServer(() => {})
      const address = await server.start('127.0.0.1:0')
      await all()
      const before = readdirSync('/proc/self/fd').length
      const held = []
      try {
        for (;;) held.push(openSync('/dev/null'))
      } catch {}
      const out = await all()
      for (const fd of held) closeSync(fd)
      const fine = await all()
      console.log(JSON.stringify(out))
      console.log(JSON.stringify(fine))
      await new Promise((resolve) => setTimeout(resolve, 50))
      console.log(readdirSync('/proc/self/fd').length - before)
      await server.stop()
      `,
      )
      expect(stderr).toBe('')
      const [out, fine, more] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object)
      const names = ['listen', 'connect', 'open', 'read', 'write', 'walk', 'process', 'datagram']
      expect(out).toEqual(Object.fromEntries(names.map((name) => [name, 'EMFILE'])))
      expect(fine).toEqual(Object.fromEntries(names.map((name) => [name, 'none'])))
      expect(more).toBe(0)
    },
  )

  it(
    'of space for a file (RLIMIT_FSIZE): EFBIG, what fitted is written, the old file stays',
    { timeout: PATIENCE },
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'greenhouse-fsize-'))
      try {
        const { stdout, stderr } = limited(
          '-f 8',
          `
        import { readdirSync, statSync, readFileSync } from 'node:fs'
        import { open, writeFile, writeFileAtomic } from '@greenhouse/io'
        process.chdir(${JSON.stringify(folder)})
        const code = (of) => Promise.resolve(of).then(() => 'none', (error) => error.code)
        const big = Buffer.alloc(20_000, 'x')
        const file = await open('file', 'w')
        await file.write('begin ')
        const written = await code(file.write(big))
        const again = await code(file.write('y'))
        const closed = await code(file.close())
        await writeFileAtomic('atomic', 'old')
        const atomic = await code(writeFileAtomic('atomic', big))
        const whole = await code(writeFile('whole', big))
        const { size } = statSync('file')
        console.log(JSON.stringify({
          written, again, closed, atomic, whole, size, old: readFileSync('atomic', 'utf8'),
          files: readdirSync('.').sort(),
        }))
        `,
        )
        expect(stderr).toBe('')
        const { size, ...codes } = JSON.parse(stdout) as { size: number }
        expect(codes).toEqual({
          written: 'EFBIG',
          again: 'EFBIG',
          closed: 'none',
          atomic: 'EFBIG',
          whole: 'EFBIG',
          old: 'old',
          files: ['atomic', 'file', 'whole'],
        })
        // The unit is 512 or 1024 bytes.
        expect([4096, 8192]).toContain(size)
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )
})
