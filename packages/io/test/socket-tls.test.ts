// TLS: names, protocols, certificates and sessions; the handshake and the ways in which it fails; how a stream ends.
import { connect as connectNode, createServer } from 'node:net'
import { once } from 'node:events'
import { createSecureContext } from 'node:tls'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { schedule } from '@greenhouse/scheduler'
import { connect, listen, Socket, StreamServer } from '@greenhouse/io'
import { coded, outcome, settled } from '../../util/test/flows.ts'
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
const TLS = TRANSPORTS.find(({ name }) => name === 'TLS')!
const ca = CERTS.ca.cert

/** Both ends with these options, the handshake through. */
async function secured(server: object, client: object): Promise<[Socket, Socket]> {
  const listener = closing(await listen('127.0.0.1:0', { tls: { ...CERTS.server, ...server } }))
  const [peer, socket] = await Promise.all([
    listener.accept(),
    connect(listener.address, { tls: { ca, ...client } }),
  ])
  await peer.handshake()
  return [closing(socket), closing(peer)]
}

describe('TLS of a Socket', () => {
  it('tells of cipher, certificate and protocol', async () => {
    const [socket, peer] = await secured(
      { ALPNProtocols: ['b', 'c'] },
      { ALPNProtocols: ['a', 'b'] },
    )
    expect([socket.encrypted, peer.encrypted, socket.authorized]).toEqual([true, true, true])
    expect(socket.cipher).toMatchObject({ version: 'TLSv1.3' })
    expect(socket.getPeerCert()?.subject.CN).toBe('server.test')
    expect(socket.getPeerCert(true)?.issuerCertificate.subject.CN).toBe('Test authority')
    expect(peer.getPeerCert()).toBeUndefined()
    expect([socket.alpnProtocol, peer.alpnProtocol]).toEqual(['b', 'b'])
    const [plain] = await pair()
    expect([plain.encrypted, plain.cipher, plain.session, plain.getPeerCert()]).toEqual([
      false,
      undefined,
      undefined,
      undefined,
    ])
    await plain.handshake()
  })

  it('asks for a server by name, and picks the certificate by it', async () => {
    const [socket, peer] = await secured(
      {
        SNICallback: (name: string, done: (e: null, c: unknown) => void) =>
          done(null, createSecureContext(name === 'other.test' ? CERTS.other : CERTS.server)),
      },
      { servername: 'other.test', checkServerIdentity: () => undefined },
    )
    expect(peer.serverName).toBe('other.test')
    expect(socket.getPeerCert()?.subject.CN).toBe('other.test')
  })

  it('checks the certificate of the client', async () => {
    const wanted = { requestCert: true, ca }
    const [, peer] = await secured(wanted, CERTS.client)
    expect(peer.authorized).toBe(true)
    expect(peer.getPeerCert()?.subject.CN).toBe('client.test')
    const listener = closing(await listen('127.0.0.1:0', { tls: { ...CERTS.server, ...wanted } }))
    const [refused, socket] = await Promise.all([
      listener.accept(),
      connect(listener.address, { tls: { ca } }),
    ])
    closing(socket)
    expect(await outcome(refused.handshake())).toMatch(/^ERR_SSL_|^ECONNRESET/)
    expect(await outcome(socket.recv())).toMatch(/^ERR_SSL_|^ECONNRESET/)
    refused.close()
    const [, lax] = await secured({ ...wanted, rejectUnauthorized: false }, {})
    expect([lax.authorized, String(lax.authorizationError)]).toEqual([
      false,
      expect.stringMatching('UNABLE_TO_GET_ISSUER|peer did not return'),
    ])
  })

  it('resumes a session', async () => {
    const listener = await listening(TLS)
    const accepted = async (session?: Buffer) => {
      const [peer, socket] = await Promise.all([
        listener.accept(),
        connect(listener.address, { tls: session === undefined ? { ca } : { ca, session } }),
      ])
      await peer.sendAll(Buffer.from('x'))
      await socket.recv()
      while (socket.session === undefined) await turn()
      peer.close()
      return closing(socket)
    }
    const first = await accepted()
    expect(first.sessionReused).toBe(false)
    const again = await accepted(first.session)
    expect(again.sessionReused).toBe(true)
  })

  it('begins on an open socket, both sides', async () => {
    const [socket, peer] = await pair()
    const server = schedule(function* () {
      yield* peer.sendAll(Buffer.from('go\n'))
      yield* peer.startTls({ isServer: true, ...CERTS.server })
      yield* peer.sendAll(yield* peer.recv())
    })
    expect(await socket.makeFile('r', { encoding: 'utf8' }).readline()).toBe('go\n')
    await socket.startTls({ ca, servername: 'localhost' })
    await socket.sendAll(Buffer.from('secret'))
    expect(String(await socket.recv())).toBe('secret')
    await server.join()
    expect(await outcome(socket.startTls({ ca }))).toBe('GH_INVALID_STATE')
  })

  it('begins with the bytes that had come before', async () => {
    const listener = await listening(TRANSPORTS[0]!)
    const connecting = connect(listener.address, { tls: { ca } })
    const peer = closing(await listener.accept())
    const hello = await peer.recv()
    expect(hello[0]).toBe(22)
    peer.unread(hello)
    await peer.startTls({ isServer: true, ...CERTS.server })
    const socket = closing(await connecting)
    await socket.sendAll(Buffer.from('x'))
    expect(String(await peer.recv())).toBe('x')
  })

  it('does not begin while somebody reads or sends', async () => {
    const [socket, peer] = await pair()
    const reading = outcome(socket.recv())
    expect(await outcome(socket.startTls())).toBe('GH_INVALID_STATE')
    await peer.sendAll(Buffer.from('x'))
    await reading
    const sending = outcome(socket.sendAll(Buffer.alloc(30_000_000)))
    expect(await outcome(socket.startTls())).toBe('GH_INVALID_STATE')
    socket.close()
    expect(await sending).toBe('GH_CLOSED')
  })

  it('speaks TLS within TLS, and over any Duplex', async () => {
    const [socket, peer] = await secured({}, {})
    const [left, right] = [closing(Socket.from(opaque(socket))), closing(Socket.from(opaque(peer)))]
    await Promise.all([
      left.startTls({ ca, servername: 'localhost' }),
      right.startTls({ isServer: true, ...CERTS.server }),
    ])
    await left.sendAll(Buffer.alloc(100_000, 'x'))
    expect(await right.recvExactly(100_000)).toHaveLength(100_000)
    await right.shutdown()
    expect(await left.recv()).toHaveLength(0)
  })

  it('reads and sends wait for the handshake, and fail with it', async () => {
    const [socket, peer] = await pair()
    const greeting = outcome(peer.startTls({ isServer: true, ...CERTS.server }))
    const [reading, sending] = [outcome(peer.recv()), outcome(peer.sendAll(Buffer.from('x')))]
    await settled()
    await socket.sendAll(Buffer.from('this is no handshake\r\n\r\n'))
    const codes = [await greeting, await reading, await sending]
    expect(codes[0]).toMatch(/^ERR_SSL_/)
    expect(codes).toEqual([codes[0], codes[0], codes[0]])
  })

  it('fails with an error of Node where the certificate is not good', async () => {
    const listener = await listening(TLS)
    const refused = schedule(async () => {
      for await (const peer of listener) closing(peer)
    })
    expect(await outcome(connect(listener.address, { tls: true }))).toMatch(
      /UNABLE_TO_VERIFY|SELF_SIGNED/,
    )
    const tls = { ca, servername: 'elsewhere.test' }
    expect(await outcome(connect(listener.address, { tls }))).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    const lax = closing(await connect(listener.address, { tls: { rejectUnauthorized: false } }))
    expect([lax.authorized, String(lax.authorizationError)]).toEqual([
      false,
      expect.stringMatching(/UNABLE_TO_VERIFY|SELF_SIGNED/),
    ])
    listener.close()
    await refused.join()
  })

  it.each(['connect', 'startTls', 'handshake'])(
    'a handshake that takes too long closes the socket (%s)',
    async (how) => {
      const silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(
        0,
        '127.0.0.1',
      )
      await once(silent, 'listening')
      const { port } = silent.address() as { port: number }
      const address = { host: '127.0.0.1', port }
      if (how === 'connect') {
        expect(await outcome(connect(address, { tls: { ca }, timeoutMs: 30 }))).toBe('GH_TIMEOUT')
      } else {
        const socket = closing(await connect(address))
        if (how === 'startTls') {
          expect(await outcome(socket.startTls({ ca, timeoutMs: 30 }))).toBe('GH_TIMEOUT')
        } else {
          const starting = outcome(socket.startTls({ ca }))
          expect(await outcome(socket.handshake({ timeoutMs: 30 }))).toBe('GH_TIMEOUT')
          expect(await starting).toBe('GH_CLOSED')
        }
        expect(socket.closed).toBe(true)
      }
      silent.close()
    },
  )

  it('Q19 a slow handshake delays neither accept nor other clients', async () => {
    const server = new StreamServer(
      function* (socket) {
        yield* socket.sendAll(Buffer.from('hello'))
      },
      { tls: CERTS.server, handshakeTimeoutMs: 60_000 },
    )
    const { port } = await server.start('127.0.0.1:0')
    const slow = Array.from({ length: 5 }, () => connectNode(port!, '127.0.0.1'))
    await Promise.all(slow.map((each) => once(each, 'connect')))
    const socket = closing(await connect({ host: '127.0.0.1', port: port! }, { tls: { ca } }))
    expect(String(await socket.recv())).toBe('hello')
    for (const each of slow) each.destroy()
    expect(await server.stop()).toBe(true)
    expect(server.statistics()).toMatchObject({ accepted: 6, broken: 5, failed: 0, active: 0 })
  })

  it('a server closes who never shakes hands', async () => {
    const server = new StreamServer(() => {}, { tls: CERTS.server, handshakeTimeoutMs: 30 })
    const { port } = await server.start('127.0.0.1:0')
    const slow = connectNode(port!, '127.0.0.1').on('error', () => {})
    await once(slow, 'close')
    expect(server.statistics().broken).toBe(1)
    expect(await server.stop()).toBe(true)
  })

  for (const suppressRaggedEofs of [true, false]) {
    it(`an end without a goodbye ${suppressRaggedEofs ? 'is an end' : 'is GH_EOF on demand'}`, async () => {
      const [left, right] = wires()
      const server = closing(Socket.from(right))
      const client = closing(Socket.from(left))
      await Promise.all([
        client.startTls({ ca, servername: 'localhost', suppressRaggedEofs }),
        server.startTls({ isServer: true, ...CERTS.server }),
      ])
      await server.sendAll(Buffer.from('half a mess'))
      expect(String(await client.recvExactly(11))).toBe('half a mess')
      // The bytes below just end.
      left.push(null)
      const end = await outcome(client.recv())
      expect(end).toEqual(suppressRaggedEofs ? Buffer.alloc(0) : 'GH_EOF')
    })

    it(`an end with a goodbye is an end (${suppressRaggedEofs})`, async () => {
      const [socket, peer] = await secured({}, { suppressRaggedEofs })
      await peer.sendAll(Buffer.from('whole'))
      peer.close()
      expect(String(await socket.recvExactly(5))).toBe('whole')
      expect(await socket.recv()).toHaveLength(0)
    })
  }

  it('close in the middle of a handshake leaves nothing', async () => {
    const [socket, peer] = await pair()
    const starting = outcome(socket.startTls({ ca }))
    expect(socket.sockName?.host).toBe('127.0.0.1')
    await turn()
    socket.close()
    expect(await starting).toBe('GH_CLOSED')
    await expect(socket.recv()).rejects.toThrow(coded('GH_CLOSED') as Error)
    while ((await peer.recv()).length > 0) continue
  })
})

/** A stream that shows nothing of what is below it. */
function opaque(socket: Socket): Duplex {
  const below = socket.toDuplex()
  const above = new Duplex({
    allowHalfOpen: true,
    read() {
      below.resume()
    },
    write: (chunk, _, done) => void below.write(chunk, done),
    final: (done) => void below.end(done),
    destroy(error, done) {
      below.destroy()
      done(error)
    },
  })
  below.on('data', (chunk) => {
    if (!above.push(chunk)) below.pause()
  })
  below.on('end', () => above.push(null))
  below.on('error', (error) => above.destroy(error))
  return above
}

/** Two ends of nothing but memory. */
function wires(): [Duplex, Duplex] {
  const end = (other: () => Duplex) =>
    new Duplex({
      read() {},
      write(chunk, _, done) {
        other().push(chunk)
        done()
      },
    })
  const left: Duplex = end(() => right)
  const right: Duplex = end(() => left)
  return [left, right]
}
