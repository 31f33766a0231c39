// Programs and libraries of others that speak to our servers, and our clients that speak to theirs.
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { describe, expect } from 'vitest'
import { withTimeout, type Steps } from '@greenhouse/scheduler'
import {
  connect,
  DatagramSocket,
  Process,
  runProcess,
  serveHttp,
  StreamServer,
  type Address,
  type ConnectionHandler,
  type Socket,
  type StreamServerOptions,
} from '@greenhouse/io'
import { itNeeds, lacksLibrary, lacksProgram, library } from './peer-support.ts'
import { CERTS, closing, leavesNothing } from './socket-support.ts'

leavesNothing()
const ca = CERTS.ca.cert
const caFile = join(import.meta.dirname, 'fixtures/ca-cert.pem')
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name)
const RUN = { encoding: 'utf8', timeoutMs: 10_000 } as const

async function serving(
  handler: ConnectionHandler,
  options?: StreamServerOptions,
): Promise<Address & { port: number }> {
  const server = new StreamServer(handler, options)
  closing({ close: () => void server.stop({ timeoutMs: 100 }) })
  return (await server.start('127.0.0.1:0')) as Address & { port: number }
}

function* echo(socket: Socket): Steps<void> {
  for (let bytes; (bytes = yield* socket.recv()).length > 0;) yield* socket.sendAll(bytes)
}

/** HTTP/1.1 in plain blocking style: the body comes back, its letters upper-case. */
function* http(socket: Socket): Steps<void> {
  const file = socket.makeFile('rw', { encoding: 'latin1' })
  for (let line; (line = yield* file.readline()) !== '';) {
    const [method, path] = line.split(' ')
    let length = 0
    while ((line = (yield* file.readline()).trim()) !== '') {
      const [name, value] = line.split(': ') as [string, string]
      if (name.toLowerCase() === 'content-length') length = Number(value)
    }
    const body = `${method} ${path} ${(yield* file.read(length)).toUpperCase()}`
    yield* file.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    yield* file.flush()
  }
}

describe('curl', () => {
  const lack = lacksProgram('curl')
  itNeeds(
    lack,
    'speaks HTTP to a server in plain blocking style, two requests in one connection',
    async () => {
      const { port } = await serving(http)
      const url = `http://127.0.0.1:${port}`
      const { stdout } = await runProcess('curl', ['-s', '-d', 'tea', `${url}/a`, `${url}/b`], RUN)
      expect(stdout).toBe('POST /a TEAPOST /b TEA')
    },
  )

  itNeeds(lack, 'checks the certificate of a server over TLS', async () => {
    const { port } = await serving(http, { tls: CERTS.server })
    const url = `https://localhost:${port}/a`
    const { stdout } = await runProcess('curl', ['-s', '-4', '--cacert', caFile, url], RUN)
    expect(stdout).toBe('GET /a ')
    expect((await runProcess('curl', ['-s', '-4', url], RUN)).code).toBe(60)
  })
})

describe('openssl', () => {
  const lack = lacksProgram('openssl')
  const client = ['s_client', '-CAfile', caFile, '-verify_return_error', '-quiet', '-connect']

  itNeeds(lack, 's_client speaks to a server, with a certificate of its own', async () => {
    const { port } = await serving(
      function* (socket) {
        yield* socket.sendAll(Buffer.from(`${String(socket.getPeerCert()?.subject.CN)}\n`))
        yield* echo(socket)
      },
      { tls: { ...CERTS.server, ca, requestCert: true } },
    )
    const own = ['-cert', fixture('client-cert.pem'), '-key', fixture('client-key.pem')]
    const child = new Process('openssl', [...client, `127.0.0.1:${port}`, ...own], {
      encoding: 'utf8',
      stderr: 'ignore',
    })
    expect(await child.stdout.readline(100, { timeoutMs: 10_000 })).toBe('client.test\n')
    await child.stdin.write('hello\n')
    expect(await child.stdout.readline(100, { timeoutMs: 10_000 })).toBe('hello\n')
    await child.stop()
  })

  itNeeds(lack, 's_client upgrades by STARTTLS', async () => {
    const { port } = await serving(smtp([]))
    const child = new Process('openssl', [...client, `127.0.0.1:${port}`, '-starttls', 'smtp'], {
      encoding: 'utf8',
      stderr: 'ignore',
    })
    await child.stdin.write('NOOP\r\n')
    expect(await child.stdout.readline(100, { timeoutMs: 10_000 })).toBe('250 ok\r\n')
    await child.stop()
  })

  for (const version of ['-tls1_2', '-tls1_3']) {
    itNeeds(lack, `s_server ${version} answers a client`, async () => {
      const child = new Process(
        'openssl',
        // Port 0 is the system's choice; it is printed.
        [
          ...['s_server', '-accept', '127.0.0.1:0', '-rev', version],
          ...['-cert', fixture('server-cert.pem'), '-key', fixture('server-key.pem')],
        ],
        { encoding: 'utf8' },
      )
      let line
      do line = await child.stdout.readline(200, { timeoutMs: 10_000 })
      while (!line.startsWith('ACCEPT'))
      const port = Number(/:(\d+)\s*$/.exec(line)![1])
      const socket = await connect({ host: '127.0.0.1', port }, { tls: { ca }, timeoutMs: 10_000 })
      await socket.sendAll(Buffer.from('hello\n'))
      const reader = socket.makeFile('r', { encoding: 'utf8' })
      expect(await reader.readline(100, { timeoutMs: 10_000 })).toBe('olleh\n')
      socket.close()
      await child.stop()
    })
  }
})

describe('nc', () => {
  const lack = lacksProgram('nc', 'netcat-openbsd')

  itNeeds(lack, 'half closes, and gets the whole answer', async () => {
    const { port } = await serving(function* (socket) {
      const all = yield* socket.makeFile('r').read()
      yield* socket.sendAll(Buffer.from(`${all.length} bytes`))
    })
    const input = 'x'.repeat(300_000)
    const args = ['-N', '127.0.0.1', String(port)]
    expect((await runProcess('nc', args, { ...RUN, input })).stdout).toBe('300000 bytes')
  })

  itNeeds(lack, 'serves a client over a UNIX socket', async () => {
    const path = join(tmpdir(), `greenhouse-nc-${process.pid}.sock`)
    const child = new Process('nc', ['-l', '-N', '-U', path], { encoding: 'utf8' })
    try {
      const socket = await withTimeout(10_000, async () => {
        for (;;) {
          try {
            return await connect({ path })
          } catch (error) {
            if (!/ENOENT|ECONNREFUSED/.test(String(error))) throw error
          }
        }
      })
      await socket.sendAll(Buffer.from('to nc\n'))
      expect(await child.stdout.readline()).toBe('to nc\n')
      await child.stdin.write('from nc\n')
      await child.stdin.close()
      expect(String(await socket.makeFile('r').read())).toBe('from nc\n')
      socket.close()
      await child.wait({ timeoutMs: 10_000 })
    } finally {
      await child.stop()
      rmSync(path, { force: true })
    }
  })

  itNeeds(lack, 'exchanges datagrams', async () => {
    const socket = closing(new DatagramSocket({ timeoutMs: 10_000 }))
    const { port } = await socket.bind('127.0.0.1:0')
    const child = new Process('nc', ['-u', '127.0.0.1', String(port)], { encoding: 'utf8' })
    await child.stdin.write('ping\n')
    const { data, address } = await socket.recvFrom()
    expect(String(data)).toBe('ping\n')
    await socket.sendTo(Buffer.from('pong\n'), address)
    expect(await child.stdout.readline(100, { timeoutMs: 10_000 })).toBe('pong\n')
    await child.stop()
  })
})

interface Undici {
  Client: new (
    url: string,
    options?: object,
  ) => {
    request(what: object): Promise<{ statusCode: number; body: { text(): Promise<string> } }>
    close(): Promise<void>
  }
}

describe('undici', () => {
  const lack = lacksLibrary('undici')

  itNeeds(lack, 'asks a server in plain blocking style, and serveHttp', async () => {
    const { Client } = library<Undici>('undici')
    const server = serveHttp((request, response) => {
      response.end(`${request.method} ${request.url} `)
    })
    closing({ close: () => void server.stop({ timeoutMs: 100 }) })
    for (const { port } of [await serving(http), await server.start('127.0.0.1:0')]) {
      const client = new Client(`http://127.0.0.1:${port}`, { pipelining: 1 })
      for (let i = 0; i < 3; i++) {
        const { statusCode, body } = await client.request({ path: `/${i}`, method: 'GET' })
        expect([statusCode, await body.text()]).toEqual([200, `GET /${i} `])
      }
      await client.close()
    }
  })

  itNeeds(lack, 'goes over a connection of ours to a server of Node', async () => {
    const { Client } = library<Undici>('undici')
    const { server, port } = await nodeHttp()
    const client = new Client(`http://127.0.0.1:${port}`, {
      connect: (_: object, done: (error: Error | null, stream: Duplex | null) => void) =>
        connect({ host: '127.0.0.1', port }).then(
          (socket) => done(null, socket.toDuplex()),
          (error: Error) => done(error, null),
        ),
    })
    const { body } = await client.request({ path: '/over', method: 'GET' })
    expect(await body.text()).toBe('node says /over')
    await client.close()
    server.close()
  })
})

async function nodeHttp(): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    response.end(`node says ${request.url}`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

describe('ws', () => {
  const lack = lacksLibrary('ws')
  const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
  const answerTo = (key: string) =>
    createHash('sha1')
      .update(key + GUID)
      .digest('base64')
  interface Ws {
    WebSocket: new (url: string) => {
      on(name: string, listener: (data: Buffer) => void): void
      send(text: string): void
      close(): void
    }
    WebSocketServer: new (options: object) => {
      on(name: string, listener: (...args: never[]) => void): void
      address(): AddressInfo
      close(): void
    }
  }

  /** Reads one frame of up to 65,535 bytes. */
  function* readFrame(socket: Socket): Steps<{ opcode: number; data: Buffer }> {
    const [first, second] = (yield* socket.recvExactly(2)) as unknown as [number, number]
    let length = second & 127
    if (length === 126) length = (yield* socket.recvExactly(2)).readUInt16BE()
    const mask = second > 127 ? yield* socket.recvExactly(4) : Buffer.alloc(4)
    const data = yield* socket.recvExactly(length)
    return { opcode: first & 15, data: data.map((byte, i) => byte ^ mask[i % 4]!) as Buffer }
  }

  function frame(text: string, mask: Buffer | null): Buffer {
    const data = Buffer.from(text)
    const head = [0x81, (mask === null ? 0 : 128) + data.length, ...(mask ?? [])]
    return Buffer.concat([
      Buffer.from(head),
      mask === null ? data : data.map((byte, i) => byte ^ mask[i % 4]!),
    ])
  }

  itNeeds(lack, 'a client exchanges messages with a server of ours', async () => {
    const { WebSocket } = library<Ws>('ws')
    const { port } = await serving(function* (socket) {
      const file = socket.makeFile('r', { encoding: 'latin1' })
      let key = ''
      for (let line; (line = (yield* file.readline()).trim()) !== '';) {
        key = /^sec-websocket-key: (.+)$/i.exec(line)?.[1] ?? key
      }
      yield* socket.sendAll(
        Buffer.from(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
            `Sec-WebSocket-Accept: ${answerTo(key)}\r\n\r\n`,
        ),
      )
      for (;;) {
        const { opcode, data } = yield* readFrame(socket)
        if (opcode === 8) return
        yield* socket.sendAll(frame(data.toString().toUpperCase(), null))
      }
    })
    const client = new WebSocket(`ws://127.0.0.1:${port}`)
    const heard: string[] = []
    await new Promise<void>((resolve) => {
      client.on('open', () => client.send('one'))
      client.on('message', (data) => {
        if (heard.push(String(data)) === 2) client.close()
        else client.send('two')
      })
      client.on('close', () => resolve())
      client.on('error', () => resolve())
    })
    expect(heard).toEqual(['ONE', 'TWO'])
  })

  itNeeds(lack, 'a server exchanges messages with a client of ours', async () => {
    const { WebSocketServer } = library<Ws>('ws')
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    server.on(
      'connection',
      (peer: {
        on: (name: string, listener: (data: Buffer) => void) => void
        send(text: string): void
      }) => {
        peer.on('message', (data: Buffer) => peer.send(`you said ${String(data)}`))
      },
    )
    await new Promise<void>((resolve) => server.on('listening', () => resolve()))
    const { port } = server.address()
    const key = randomBytes(16).toString('base64')
    const socket = closing(await connect({ host: '127.0.0.1', port }))
    const said = await withTimeout(10_000, function* () {
      yield* socket.sendAll(
        Buffer.from(
          'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
            `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
        ),
      )
      const file = socket.makeFile('r', { encoding: 'latin1' })
      const head: string[] = []
      for (let line; (line = (yield* file.readline()).trim()) !== '';) head.push(line)
      expect(head).toContain(`Sec-WebSocket-Accept: ${answerTo(key)}`)
      yield* socket.sendAll(frame('hello', randomBytes(4)))
      return String((yield* readFrame(socket)).data)
    })
    expect(said).toBe('you said hello')
    socket.close()
    server.close()
  })
})

/** An SMTP server that speaks TLS when it is asked to, and keeps what it gets. */
function smtp(mails: string[]): ConnectionHandler {
  return function* (socket) {
    const file = socket.makeFile('rw', { encoding: 'latin1', bufferBytes: 0 })
    yield* file.write('220 ours\r\n')
    for (let line; (line = yield* file.readline()) !== '';) {
      const verb = line.trim().split(/[ :]/)[0]!.toUpperCase()
      if (verb === 'EHLO') {
        yield* file.write(socket.encrypted ? '250 ours\r\n' : '250-ours\r\n250 STARTTLS\r\n')
      } else if (verb === 'STARTTLS') {
        yield* file.write('220 go ahead\r\n')
        yield* socket.startTls({ isServer: true, ...CERTS.server })
      } else if (verb === 'DATA') {
        yield* file.write('354 go on\r\n')
        let mail = ''
        while ((line = yield* file.readline()) !== '.\r\n') mail += line
        mails.push(`${socket.encrypted ? 'secret: ' : ''}${mail}`)
        yield* file.write('250 kept\r\n')
      } else if (verb === 'QUIT') {
        yield* file.write('221 bye\r\n')
        return
      } else yield* file.write('250 ok\r\n')
    }
  }
}

interface Nodemailer {
  createTransport(options: object): {
    sendMail(mail: object): Promise<{ response: string }>
    close(): void
  }
}

interface SmtpServer {
  SMTPServer: new (options: object) => {
    listen(port: number, host: string, done: () => void): { address(): AddressInfo }
    close(done: () => void): void
  }
}

describe('mail', () => {
  itNeeds(
    lacksLibrary('nodemailer'),
    'nodemailer sends one by STARTTLS to a server of ours',
    async () => {
      const mails: string[] = []
      const { port } = await serving(smtp(mails))
      const transport = library<Nodemailer>('nodemailer').createTransport({
        host: '127.0.0.1',
        port,
        requireTLS: true,
        tls: { ca },
      })
      const { response } = await transport.sendMail({
        from: 'a@example.test',
        to: 'b@example.test',
        subject: 'Tea',
        text: 'at five',
      })
      transport.close()
      expect(response).toBe('250 kept')
      expect(mails).toEqual([expect.stringMatching(/^secret: [^]*Subject: Tea[^]*at five/)])
    },
  )

  itNeeds(
    lacksLibrary('smtp-server'),
    'smtp-server gets one by STARTTLS from a client of ours',
    async () => {
      const { SMTPServer } = library<SmtpServer>('smtp-server')
      let got = ''
      const server = new SMTPServer({
        ...CERTS.server,
        authOptional: true,
        onData(
          stream: Duplex & { resume(): void },
          session: { secure: boolean },
          done: () => void,
        ) {
          stream.on('data', (chunk) => (got += String(chunk)))
          stream.on('end', () => {
            got = `${session.secure ? 'secret: ' : ''}${got}`
            done()
          })
        },
      })
      const port = await new Promise<number>((resolve) => {
        const net = server.listen(0, '127.0.0.1', () => resolve(net.address().port))
      })
      const socket = closing(await connect({ host: '127.0.0.1', port }))
      await withTimeout(10_000, function* () {
        const file = socket.makeFile('rw', { encoding: 'latin1', bufferBytes: 0 })
        const answer = function* (): Steps<string> {
          for (;;) {
            const line = yield* file.readline()
            if (line[3] !== '-') return line
          }
        }
        const say = function* (text: string, code: string): Steps<void> {
          yield* file.write(`${text}\r\n`)
          expect(yield* answer()).toMatch(new RegExp(`^${code} `))
        }
        expect(yield* answer()).toMatch(/^220 /)
        yield* say('EHLO ours', '250')
        yield* say('STARTTLS', '220')
        yield* socket.startTls({ ca, servername: 'localhost' })
        yield* say('EHLO ours', '250')
        yield* say('MAIL FROM:<a@example.test>', '250')
        yield* say('RCPT TO:<b@example.test>', '250')
        yield* say('DATA', '354')
        yield* say('Subject: Tea\r\n\r\nat five\r\n.', '250')
        yield* say('QUIT', '221')
      })
      socket.close()
      await new Promise<void>((resolve) => server.close(resolve))
      expect(got).toMatch(/^secret: Subject: Tea\r\n\r\nat five/)
    },
  )
})
