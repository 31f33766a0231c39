import { readdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { end, pause, schedule, withTimeout, type Steps } from '@greenhouse/scheduler'
import {
  DatagramSocket,
  setDefaultTimeout,
  type Datagram,
  type DatagramOptions,
} from '@greenhouse/io'
import { POLLABLE, type Pollable } from '../src/core/pollable.ts'

const open: DatagramSocket[] = []
afterEach(() => {
  for (const socket of open.splice(0)) socket.close()
})

function made(options?: DatagramOptions): DatagramSocket {
  const socket = new DatagramSocket(options)
  open.push(socket)
  return socket
}

const loopback = { 4: '127.0.0.1', 6: '::1' } as const
const hasIpv6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === '::1'),
)
const families = ([4, 6] as const).filter((family) => family === 4 || hasIpv6)

async function bound(options: DatagramOptions = {}): Promise<DatagramSocket> {
  const socket = made(options)
  await socket.bind({ host: loopback[options.family ?? 4], port: 0 })
  return socket
}

async function pair(options: DatagramOptions = {}): Promise<[DatagramSocket, DatagramSocket]> {
  const [a, b] = [await bound(options), await bound(options)]
  await a.connect(b.sockName!)
  await b.connect(a.sockName!)
  return [a, b]
}

/** Sends, and waits until the other end has got it, read or not. */
async function deliver(from: DatagramSocket, to: DatagramSocket, ...texts: string[]) {
  const wanted = to.statistics().received + texts.length
  for (const text of texts) await from.sendTo(Buffer.from(text), to.sockName!)
  while (to.statistics().received < wanted) await turn()
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const coded = (code: string) => expect.objectContaining({ code })
const textOf = ({ data }: Datagram) => data.toString()

describe.each(families)('DatagramSocket over IPv%i', (family) => {
  it('I04 recvFrom gives the data and the address that it came from', async () => {
    const [a, b] = [await bound({ family }), await bound({ family })]
    expect(await a.sendTo(Buffer.from('some data'), b.sockName!)).toBe(9)
    const { data, address } = await b.recvFrom()
    expect(data).toEqual(Buffer.from('some data'))
    expect(address).toEqual(a.sockName)
    expect(address).toEqual({ host: loopback[family], port: expect.any(Number) })
  })

  it('I05 recvInto fills a buffer', async () => {
    const [a, b] = await pair({ family })
    await a.send(Buffer.from('some data'))
    const buffer = Buffer.alloc(12, '.')
    expect(await b.recvInto(buffer)).toBe(9)
    expect(buffer.toString()).toBe('some data...')
  })

  it('I06 recvFromInto fills a buffer, and says what did not fit and from whom', async () => {
    const [a, b] = await pair({ family })
    const buffer = Buffer.alloc(4)
    await a.send(Buffer.from('some data'))
    expect(await b.recvFromInto(buffer)).toEqual({
      bytes: 4,
      truncated: true,
      address: a.sockName,
    })
    expect(buffer.toString()).toBe('some')
    await a.send(Buffer.from('more'))
    expect(await b.recvFromInto(buffer)).toMatchObject({ bytes: 4, truncated: false })
  })

  it('keeps datagrams whole and apart, empty ones too', async () => {
    const [a, b] = await pair({ family })
    await deliver(a, b, 'one', '', 'three')
    expect([await b.recv(), await b.recv(), await b.recv()].map(String)).toEqual([
      'one',
      '',
      'three',
    ])
  })

  it('serves a generator greenlet by an async one', async () => {
    const [a, b] = await pair({ family })
    const echo = schedule(function* () {
      for (;;) {
        const { data, address } = yield* b.recvFrom()
        if (data.length === 0) return 'over'
        yield* b.send(Buffer.from(`${data.toString()} from ${address.port}`))
      }
    })
    const client = schedule(async () => {
      await a.send(Buffer.from('hello'))
      const answer = (await a.recv()).toString()
      await a.send(Buffer.alloc(0))
      return answer
    })
    expect(await client.join()).toBe(`hello from ${a.sockName!.port}`)
    expect(await echo.join()).toBe('over')
  })

  it('sends and receives before bind, from a port that the system chose', async () => {
    const server = await bound({ family })
    const client = made({ family })
    expect(client.sockName).toBeUndefined()
    await client.sendTo(Buffer.from('hello'), server.sockName!)
    const { address } = await server.recvFrom()
    expect(address.port).toBe(client.sockName!.port)
    await server.sendTo(Buffer.from('back'), address)
    expect(String(await client.recv())).toBe('back')
  })

  it('hears only the other end once it is connected, until it is disconnected', async () => {
    const [a, b, other] = [
      await bound({ family }),
      await bound({ family }),
      await bound({ family }),
    ]
    await a.connect(b.sockName!)
    expect(a.peerName).toEqual(b.sockName)
    await other.sendTo(Buffer.from('from a stranger'), a.sockName!)
    await b.sendTo(Buffer.from('from b'), a.sockName!)
    expect(textOf(await a.recvFrom())).toBe('from b')
    a.disconnect()
    a.disconnect()
    expect(a.peerName).toBeUndefined()
    await a.sendTo(Buffer.from('hello'), other.sockName!)
    await other.sendTo(Buffer.from('hello'), (await other.recvFrom()).address)
    expect(textOf(await a.recvFrom())).toBe('hello')
    await expect(a.send(Buffer.from('?'))).rejects.toThrow(coded('GH_INVALID_STATE'))
  })

  it('changes over to another end', async () => {
    const [a, b, c] = [await bound({ family }), await bound({ family }), await bound({ family })]
    await a.connect(b.sockName!)
    await a.connect(c.sockName!)
    await a.send(Buffer.from('to c'))
    expect(String(await c.recv())).toBe('to c')
    await a.sendTo(Buffer.from('to c'), c.sockName!)
    expect(String(await c.recv())).toBe('to c')
    await expect(a.sendTo(Buffer.from('to b'), b.sockName!)).rejects.toThrow(
      coded('ERR_SOCKET_DGRAM_IS_CONNECTED'),
    )
  })

  it('gives what the system reports of a connected end to the next read, or to the one that waits', async () => {
    const [a, b] = await pair({ family })
    b.close()
    const reading = a.recv()
    await a.send(Buffer.from('into the void'))
    await expect(reading).rejects.toThrow(coded('ECONNREFUSED'))
    const pollable = (a as unknown as Record<symbol, Pollable>)[POLLABLE]!
    await a.send(Buffer.from('again'))
    while (!pollable.readable()) await turn()
    await expect(a.recv()).rejects.toThrow(coded('ECONNREFUSED'))
    expect(pollable.readable()).toBe(false)
  })
})

describe('DatagramSocket', () => {
  it.skipIf(!hasIpv6)('speaks to IPv4 from an IPv6 socket', async () => {
    const server = await bound()
    const client = made({ family: 6 })
    await client.sendTo(Buffer.from('hello'), server.sockName!)
    const { address } = await server.recvFrom()
    expect(address.host).toBe('127.0.0.1')
    await server.sendTo(Buffer.from('back'), address)
    expect((await client.recvFrom()).address.host).toBe('::ffff:127.0.0.1')
  })

  it('resolves names, and takes addresses as text', async () => {
    const server = made()
    const { port } = await server.bind(`localhost:0`)
    const client = made()
    await client.connect(port)
    await client.send(Buffer.from('one'))
    await client.connect(`127.0.0.1:${port}`)
    await client.send(Buffer.from('two'))
    expect([await server.recv(), await server.recv()].map(String)).toEqual(['one', 'two'])
    await expect(client.connect('no-such-name.invalid:1')).rejects.toThrow(coded('ENOTFOUND'))
  })

  it('iterates over datagrams until it is closed', async () => {
    const [a, b] = await pair()
    const seen: string[] = []
    const reading = schedule(async () => {
      for await (const datagram of b) {
        seen.push(textOf(datagram))
        if (seen.length === 2) b.close()
      }
    })
    await a.send(Buffer.from('one'))
    await a.send(Buffer.from('two'))
    await reading.join()
    expect(seen).toEqual(['one', 'two'])
  })

  it('passes on what the system refuses', async () => {
    const [a, b] = await pair()
    await expect(a.send(Buffer.alloc(70_000))).rejects.toThrow(coded('EMSGSIZE'))
    await expect(made().bind(b.sockName!)).rejects.toThrow(coded('EADDRINUSE'))
    await expect(a.bind()).rejects.toThrow(coded('GH_INVALID_STATE'))
    await expect(made().bind({ host: '192.0.2.1', port: 0 })).rejects.toThrow(
      coded('EADDRNOTAVAIL'),
    )
  })

  it('passes on what Node refuses, bound or not', async () => {
    const socket = made()
    const nowhere = { host: '127.0.0.1', port: 0 }
    for (let i = 0; i < 2; i++) {
      await expect(socket.sendTo(Buffer.from('x'), nowhere)).rejects.toThrow(
        coded('ERR_SOCKET_BAD_PORT'),
      )
      await expect(socket.connect(nowhere)).rejects.toThrow(coded('ERR_SOCKET_BAD_PORT'))
    }
    await expect(socket.sendTo(Buffer.from('x'), '[::1]:9')).rejects.toThrow()
  })

  it('can be bound after a bind that failed', async () => {
    const [, taken] = await pair()
    const socket = made()
    await expect(socket.bind(taken.sockName!)).rejects.toThrow(coded('EADDRINUSE'))
    expect(await socket.bind('127.0.0.1:0')).toEqual(socket.sockName)
  })

  it('refuses nonsense', async () => {
    const invalid = coded('GH_INVALID_ARGUMENT')
    expect(() => new DatagramSocket({ family: 5 as never })).toThrow(invalid)
    expect(() => new DatagramSocket({ drop: 'all' as never })).toThrow(invalid)
    expect(() => new DatagramSocket({ maxQueued: 0 })).toThrow(invalid)
    expect(() => new DatagramSocket({ maxQueuedBytes: 1.5 })).toThrow(invalid)
    expect(() => new DatagramSocket({ timeoutMs: -1 })).toThrow(invalid)
    expect(() => new DatagramSocket({ receiveBufferBytes: 0 })).toThrow(invalid)
    expect(() => new DatagramSocket({ sendBufferBytes: 'much' as never })).toThrow(invalid)
    expect(() => new DatagramSocket({ name: 1 as never })).toThrow(invalid)
    expect(() => new DatagramSocket(1 as never)).toThrow(invalid)
    const socket = made()
    expect(() => socket.send('text' as never)).toThrow(invalid)
    expect(() => socket.sendTo(Buffer.alloc(1), { host: 'x', port: 65_536 })).toThrow(invalid)
    expect(() => socket.recvInto([] as never)).toThrow(invalid)
    expect(() => socket.recvFromInto(undefined as never)).toThrow(invalid)
    expect(() => socket.recv({ timeoutMs: NaN })).toThrow(invalid)
    expect(() => socket.setBlocking(0 as never)).toThrow(invalid)
    expect(() => socket.connect('unix:x.sock')).toThrow(coded('GH_UNSUPPORTED'))
  })
})

describe('DatagramSocket, waits', () => {
  it('I13 has a time-out that is readable back, and recv raises it', async () => {
    const socket = await bound({ timeoutMs: 5 })
    expect(socket.timeoutMs).toBe(5)
    await expect(socket.recv()).rejects.toThrow(coded('GH_TIMEOUT'))
    socket.timeoutMs = Infinity
    expect(socket.timeoutMs).toBe(Infinity)
    await expect(socket.recv({ timeoutMs: 1 })).rejects.toThrow(coded('GH_TIMEOUT'))
    expect(() => (socket.timeoutMs = -1)).toThrow(coded('GH_INVALID_ARGUMENT'))
    expect(socket.statistics().readers).toBe(0)
  })

  it('I23 takes the default time-out of its time, and later changes do not reach it', async () => {
    setDefaultTimeout(5)
    const socket = await bound()
    setDefaultTimeout(Infinity)
    expect([socket.timeoutMs, made().timeoutMs]).toEqual([5, Infinity])
    await expect(socket.recv()).rejects.toThrow(coded('GH_TIMEOUT'))
  })

  it('tries once with a time-out of 0', async () => {
    const [a, b] = await pair()
    await expect(b.recv({ timeoutMs: 0 })).rejects.toThrow(coded('GH_TIMEOUT'))
    await deliver(a, b, 'here')
    expect(String(await b.recv({ timeoutMs: 0 }))).toBe('here')
  })

  it('I19 I20 I21 throws at once in non-blocking mode where nothing is there', async () => {
    const [a, b] = await pair()
    b.setBlocking(false)
    expect(b.blocking).toBe(false)
    const eagain = coded('EAGAIN')
    await expect(b.recv()).rejects.toThrow(eagain)
    await expect(b.recvFrom()).rejects.toThrow(eagain)
    await expect(b.recvInto(Buffer.alloc(1))).rejects.toThrow(eagain)
    await expect(b.recvFromInto(Buffer.alloc(1))).rejects.toThrow(eagain)
    await deliver(a, b, 'here')
    expect(textOf(await b.recvFrom())).toBe('here')
  })

  it('serves readers in order of arrival, of whatever kind', async () => {
    const [a, b] = await pair()
    const seen: string[] = []
    const into = Buffer.alloc(3)
    const greenlets = [
      schedule(async () => seen.push(`recv ${String(await b.recv())}`)),
      schedule(function* (): Steps<void> {
        seen.push(`recvFrom ${textOf(yield* b.recvFrom())}`)
      }),
      schedule(async () => seen.push(`recvInto ${await b.recvInto(into)} ${String(into)}`)),
    ]
    await pause()
    expect(b.statistics().readers).toBe(3)
    await deliver(a, b, 'one', 'two', 'six')
    for (const greenlet of greenlets) await greenlet.join()
    expect(seen).toEqual(['recv one', 'recvFrom two', 'recvInto 3 six'])
  })

  it('wakes everybody with GH_CLOSED when it is closed elsewhere', async () => {
    const [a] = await pair()
    const unbound = made()
    const closed = coded('GH_CLOSED')
    const reads = [a.recv(), a.recvFrom(), a.recvInto(Buffer.alloc(1)), unbound.recv()]
    const others = [unbound.bind('127.0.0.1:0'), made().connect('localhost:1')]
    a.close()
    a.close()
    for (const socket of open.splice(0)) socket.close()
    for (const each of [...reads, ...others]) await expect(each).rejects.toThrow(closed)
    const data = Buffer.from('x')
    await expect(a.recv()).rejects.toThrow(closed)
    await expect(a.send(data)).rejects.toThrow(closed)
    await expect(a.sendTo(data, '127.0.0.1:9')).rejects.toThrow(closed)
    await expect(a.bind()).rejects.toThrow(closed)
    await expect(a.connect('127.0.0.1:9')).rejects.toThrow(closed)
    expect(() => a.setTtl(1)).toThrow(closed)
    expect(() => a.multicast.join('239.1.1.1')).toThrow(closed)
    expect([a.closed, a.sockName, a.peerName]).toEqual([true, undefined, undefined])
    expect(a.statistics()).toMatchObject({ closed: true, readers: 0, queued: 0 })
  })

  const readers: [string, (socket: DatagramSocket) => Promise<unknown>][] = [
    ['recv', (socket) => socket.recv()],
    ['recvFrom', (socket) => socket.recvFrom()],
    ['recvInto', (socket) => socket.recvInto(Buffer.alloc(5))],
    ['recvFromInto', (socket) => socket.recvFromInto(Buffer.alloc(5))],
  ]
  const waysOut: [string, (read: () => Promise<unknown>) => Promise<unknown>][] = [
    [
      'ended',
      async (read) => {
        const greenlet = schedule(async () => read())
        await pause()
        end(greenlet)
        return greenlet.join()
      },
    ],
    [
      'ended, a generator',
      async (read) => {
        const greenlet = schedule(function* () {
          yield* read() as unknown as Steps<unknown>
        })
        await pause()
        end(greenlet)
        return greenlet.join()
      },
    ],
    ['timed out by its scope', (read) => withTimeout(1, async () => read())],
  ]
  describe.each(readers)('%s', (_, read) => {
    it.each(waysOut)('%s, takes no datagram with it', async (_way, cutOff) => {
      const [a, b] = await pair()
      await expect(cutOff(() => read(b))).rejects.toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^GH_(EXIT|TIMEOUT)$/) }),
      )
      expect(b.statistics().readers).toBe(0)
      await deliver(a, b, 'whole')
      expect(String(await b.recv())).toBe('whole')
    })

    it('ended in the instant of hand-over, puts the datagram back, first in line', async () => {
      const [a, b] = await pair()
      await deliver(a, b, 'first', 'second')
      const greenlet = schedule(function* () {
        // Complete already, and the end comes before anybody consumes it.
        const reading = read(b)
        end(greenlet)
        yield* pause()
        yield* reading as unknown as Steps<unknown>
      })
      await expect(greenlet.join()).rejects.toThrow(coded('GH_EXIT'))
      expect([await b.recv(), await b.recv()].map(String)).toEqual(['first', 'second'])
    })
  })

  it('is aborted by a signal, with its reason', async () => {
    const socket = await bound()
    const controller = new AbortController()
    const reading = socket.recv({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
    await expect(socket.recv({ signal: controller.signal })).rejects.toThrow('enough')
    expect(socket.statistics().readers).toBe(0)
  })

  it('is not connected when connect was given up', async () => {
    const [a, b] = await pair()
    a.disconnect()
    const controller = new AbortController()
    const connecting = a.connect(b.sockName!, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(connecting).rejects.toThrow('enough')
    await turn()
    await turn()
    expect(a.peerName).toBeUndefined()
  })

  it('is closed when bind was given up half-way, and unbound when it had not begun', async () => {
    const controller = new AbortController()
    const half = made()
    const binding = half.bind('127.0.0.1:0', { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(binding).rejects.toThrow('enough')
    expect(half.closed).toBe(true)
    const unbound = made()
    await expect(unbound.bind('127.0.0.1:0', { signal: controller.signal })).rejects.toThrow()
    expect(unbound.closed).toBe(false)
    await unbound.bind('127.0.0.1:0')
  })
})

describe('DatagramSocket, the queue', () => {
  it('drops the newest when it is full, and counts', async () => {
    const [a, b] = await pair({ maxQueued: 2 })
    await deliver(a, b, 'one', 'two', 'three')
    expect(b.statistics()).toMatchObject({
      received: 3,
      receivedBytes: 11,
      dropped: 1,
      queued: 2,
      queuedBytes: 6,
    })
    expect([await b.recv(), await b.recv()].map(String)).toEqual(['one', 'two'])
    expect(a.statistics()).toMatchObject({ sent: 3, sentBytes: 11 })
  })

  it('drops the oldest where that is wanted', async () => {
    const [a, b] = await pair({ maxQueued: 2, drop: 'oldest' })
    await deliver(a, b, 'one', 'two', 'three')
    expect([await b.recv(), await b.recv()].map(String)).toEqual(['two', 'three'])
    expect(b.statistics()).toMatchObject({ dropped: 1, queued: 0, queuedBytes: 0 })
  })

  it('has a limit in bytes, which one datagram alone may exceed only for a reader that waits', async () => {
    const [a, b] = await pair({ maxQueuedBytes: 5, drop: 'oldest' })
    await deliver(a, b, 'one', 'two', 'longer than that')
    expect(b.statistics()).toMatchObject({ dropped: 2, queued: 1, queuedBytes: 3 })
    expect(String(await b.recv())).toBe('two')
    const reading = b.recv()
    await deliver(a, b, 'longer than that')
    expect(String(await reading)).toBe('longer than that')
  })
})

describe('DatagramSocket, options of the system', () => {
  it('sends to a multicast group, and hears it until it leaves', async () => {
    const group = '239.255.71.71'
    const socket = made({ reuseAddress: true })
    const { port } = await socket.bind()
    socket.multicast.join(group, { interface: '127.0.0.1' })
    socket.multicast.setInterface('127.0.0.1')
    socket.multicast.setTtl(1)
    socket.multicast.setLoopback(true)
    await socket.sendTo(Buffer.from('to all'), { host: group, port })
    expect(String(await socket.recv())).toBe('to all')
    socket.multicast.leave(group, { interface: '127.0.0.1' })
    expect(() => socket.multicast.leave(group, { interface: '127.0.0.1' })).toThrow(
      coded('EADDRNOTAVAIL'),
    )
    expect(() => socket.multicast.join('127.0.0.1')).toThrow(coded('EINVAL'))
  })

  it('joins a group for one source', async () => {
    const socket = made({ reuseAddress: true })
    const { port } = await socket.bind()
    const options = { interface: '127.0.0.1', source: '127.0.0.1' }
    socket.multicast.join('232.1.2.3', options)
    socket.multicast.setInterface('127.0.0.1')
    await socket.sendTo(Buffer.from('from me'), { host: '232.1.2.3', port })
    expect(String(await socket.recv())).toBe('from me')
    socket.multicast.leave('232.1.2.3', options)
  })

  it('may broadcast once it was told so', async () => {
    const socket = await bound()
    socket.setTtl(2)
    await expect(
      socket.sendTo(Buffer.from('x'), { host: '255.255.255.255', port: 9 }),
    ).rejects.toThrow(coded('EACCES'))
    socket.setBroadcast(true)
    const sending = socket.sendTo(Buffer.from('x'), { host: '127.255.255.255', port: 9 })
    expect(await sending).toBe(1)
  })

  it('demands to be bound before options of the system are set', () => {
    const invalid = coded('GH_INVALID_STATE')
    const socket = made()
    expect(() => socket.setTtl(1)).toThrow(invalid)
    expect(() => socket.setBroadcast(true)).toThrow(invalid)
    expect(() => socket.multicast.setTtl(1)).toThrow(invalid)
  })

  it('shares a port where that is wanted', async () => {
    const first = await bound({ reuseAddress: true })
    const second = made({ reuseAddress: true })
    expect(await second.bind(first.sockName!)).toEqual(first.sockName)
  })

  it('tells watchers that it has become readable', async () => {
    const [a, b] = await pair()
    const pollable = (b as unknown as Record<symbol, Pollable>)[POLLABLE]!
    expect([pollable.readable(), pollable.writable()]).toEqual([false, true])
    let calls = 0
    const stop = pollable.watch(() => calls++)
    await deliver(a, b, 'one')
    expect([pollable.readable(), calls]).toEqual([true, 1])
    stop()
    await deliver(a, b, 'two')
    expect(calls).toBe(1)
    pollable.watch(() => calls++)
    b.close()
    expect([pollable.readable(), calls]).toEqual([true, 2])
  })

  it.skipIf(process.platform !== 'linux')('leaves no descriptor and no handle behind', async () => {
    const descriptors = () => readdirSync('/proc/self/fd').length
    const handles = () =>
      process.getActiveResourcesInfo().filter((each) => each === 'UDPWRAP').length
    await turn()
    const before = [descriptors(), handles()]
    for (let i = 0; i < 20; i++) {
      const socket = new DatagramSocket()
      if (i % 2 === 0) await socket.bind('127.0.0.1:0')
      else await socket.connect('127.0.0.1:9')
      const reading = socket.recv({ timeoutMs: 10_000 })
      socket.unref().ref().close()
      await expect(reading).rejects.toThrow(coded('GH_CLOSED'))
    }
    await turn()
    expect([descriptors(), handles()]).toEqual(before)
  })
})
