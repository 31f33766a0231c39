import { certificate, hasOpenssl } from '@greenhouse/test-kit/certificate'
import { AsyncLocalStorage } from 'node:async_hooks'
import { execFile, spawnSync } from 'node:child_process'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket as NodeSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  end,
  getCurrent,
  globalExceptionHandler,
  pause,
  pauseFor,
  removeGlobalExceptionHandler,
  schedule,
  wait,
  type Greenlet,
  type Steps,
} from '@greenhouse/scheduler'
import { Event } from '@greenhouse/util'
import { serveHttp, type HttpHandler, type HttpServer, type ServeHttpOptions } from '@greenhouse/io'

const servers: HttpServer[] = []
const clients: NodeSocket[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  for (const server of servers.splice(0)) await server.stop({ timeoutMs: 0 })
})

const coded = (code: string) => expect.objectContaining({ code })

function made(handler: HttpHandler, options?: ServeHttpOptions): HttpServer {
  const server = serveHttp(handler, options)
  servers.push(server)
  return server
}

async function started(
  handler: HttpHandler,
  options?: ServeHttpOptions,
): Promise<{ server: HttpServer; port: number; url: string }> {
  const server = made(handler, options)
  const { port } = await server.start('127.0.0.1:0')
  return { server, port: port!, url: `http://127.0.0.1:${port}` }
}

/** A client that says what it is told, byte for byte, and keeps what it hears. */
async function dial(port: number): Promise<{ socket: NodeSocket; heard: () => string }> {
  const socket = connect({ host: '127.0.0.1', port })
  clients.push(socket)
  let all = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (all += chunk))
  socket.on('error', () => {})
  await once(socket, 'connect')
  return { socket, heard: () => all }
}

/** Sends one request by Node's own client. */
async function get(url: string, method = 'GET', body?: string): Promise<[number, string]> {
  const request = httpRequest(url, { method, agent: false }).end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return [response.statusCode!, await text(response)]
}

const until = (condition: () => unknown) => vi.waitFor(() => expect(condition()).toBeTruthy())

async function hearErrors<T>(run: (errors: unknown[]) => Promise<T>): Promise<T> {
  const errors: unknown[] = []
  const handler = globalExceptionHandler((error) => errors.push(error))
  try {
    return await run(errors)
  } finally {
    removeGlobalExceptionHandler(handler)
  }
}

const handlers: [string, HttpHandler][] = [
  [
    'async',
    async (request, response) => {
      await pauseFor(1)
      response.end(`${request.method} ${request.url} ${await text(request)}`)
    },
  ],
  [
    'generator',
    function* (request, response): Steps<void> {
      yield* pauseFor(1)
      response.end(`${request.method} ${request.url} ${yield* wait(text(request))}`)
    },
  ],
  [
    'plain function that gives a generator',
    (request, response) =>
      (function* (): Steps<void> {
        yield* pauseFor(1)
        response.end(`${request.method} ${request.url} ${yield* wait(text(request))}`)
      })(),
  ],
]

describe('serveHttp', () => {
  it.each(handlers)('answers by an %s handler that blocks', async (_, handler) => {
    const { server, url } = await started(handler)
    const answers = await Promise.all([
      get(`${url}/a`, 'POST', 'body'),
      get(`${url}/b`, 'PUT', ''),
      get(`${url}/c`, 'POST', 'x'.repeat(200_000)),
    ])
    expect(answers).toEqual([
      [200, 'POST /a body'],
      [200, 'PUT /b '],
      [200, `POST /c ${'x'.repeat(200_000)}`],
    ])
    expect(server.statistics()).toMatchObject({ served: 3, failed: 0, broken: 0, active: 0 })
  })

  it('answers by a plain handler, and ends what it leaves open', async () => {
    const { url } = await started((_, response) => void response.write('so '))
    expect(await get(url)).toEqual([200, 'so '])
  })

  it('runs each request in a greenlet of its own, under its name', async () => {
    const seen: [Greenlet, string][] = []
    const { url } = await started(async () => {
      const greenlet = getCurrent()
      await pauseFor(1)
      expect(getCurrent()).toBe(greenlet)
      const fromCallback = await new Promise<Greenlet>((resolve) =>
        setImmediate(() => resolve(getCurrent())),
      )
      expect(fromCallback).toBe(greenlet)
      seen.push([greenlet, greenlet.name])
    })
    await Promise.all([get(`${url}/1`), get(`${url}/2`, 'POST')])
    expect(new Set(seen.map(([greenlet]) => greenlet)).size).toBe(2)
    expect(seen.map(([, name]) => name).sort()).toEqual(['GET /1', 'POST /2'])
  })

  it('refuses nonsense', () => {
    const invalid = coded('GH_INVALID_ARGUMENT')
    const handler = () => {}
    expect(() => serveHttp(undefined as never)).toThrow(invalid)
    expect(() => serveHttp(handler, 1 as never)).toThrow(invalid)
    expect(() => serveHttp(handler, { concurrency: 0 })).toThrow(invalid)
    expect(() => serveHttp(handler, { backlog: 0 })).toThrow(invalid)
    expect(() => serveHttp(handler, { name: 1 as never })).toThrow(invalid)
    expect(() => serveHttp(handler, { tls: true as never })).toThrow(invalid)
    expect(() => serveHttp(handler, { server: {} as never })).toThrow(invalid)
    expect(() => serveHttp(handler, { server: createServer(), http: {} })).toThrow(invalid)
    expect(() => serveHttp(handler).start('nonsense')).toThrow(invalid)
  })
})

describe('serveHttp, errors', () => {
  const fail = (message: string) => {
    throw new Error(message)
  }
  it.each<[string, HttpHandler]>([
    ['plain', () => fail('oops')],
    ['async', async () => pauseFor(1).then(() => fail('oops'))],
    [
      'generator',
      function* () {
        yield* pauseFor(1)
        fail('oops')
      },
    ],
    ['plain, of a generator', () => handlers[2]![1](null as never, null as never)],
  ])('answers 500 when a handler throws (%s), and tells the exception handlers', (_, handler) =>
    hearErrors(async (errors) => {
      const { server, url } = await started(handler)
      server.server.prependListener('request', (_request, response) =>
        response.setHeader('content-length', 5),
      )
      expect(await get(url)).toEqual([500, 'Internal Server Error\n'])
      expect(errors).toHaveLength(1)
      expect(errors[0]).toBeInstanceOf(Error)
      expect(server.statistics()).toMatchObject({ failed: 1, served: 1, active: 0 })
    }),
  )

  it('cuts the connection when a handler throws half-way, so that no part passes for the whole', () =>
    hearErrors(async (errors) => {
      const { port } = await started(async (_, response) => {
        response.write('a part')
        await pauseFor(1)
        fail('half-way')
      })
      const { socket, heard } = await dial(port)
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
      await once(socket, 'close')
      expect(heard()).toContain('a part')
      expect(heard()).not.toContain('\r\n0\r\n')
      expect(errors.map((error) => (error as Error).message)).toEqual(['half-way'])
    }))

  it('goes on with the other requests, also of the same connection', () =>
    hearErrors(async () => {
      const { port } = await started((request, response) => {
        if (request.url === '/bad') fail('bad')
        response.end('good')
      })
      const { socket, heard } = await dial(port)
      socket.write('GET /bad HTTP/1.1\r\nhost: x\r\n\r\nGET /good HTTP/1.1\r\nhost: x\r\n\r\n')
      await until(() => heard().includes('good'))
      expect(heard()).toMatch(/^HTTP\/1\.1 500 .*HTTP\/1\.1 200 OK/s)
    }))

  it('tells the exception handlers of an error of the response stream', () =>
    hearErrors(async (errors) => {
      const { url } = await started(async (_, response) => {
        response.end('done')
        response.write('too late')
        await pause()
      })
      expect(await get(url)).toEqual([200, 'done'])
      expect(errors).toEqual([coded('ERR_STREAM_WRITE_AFTER_END')])
    }))
})

describe('serveHttp, clients that go away', () => {
  const ways: [string, (socket: NodeSocket) => void][] = [
    ['closes', (socket) => socket.destroy()],
    ['resets', (socket) => socket.resetAndDestroy()],
  ]
  it.each(ways)('ends the greenlet when the client %s', async (_, leave) => {
    const events: string[] = []
    const { server, port } = await started(async (_request, response) => {
      const { signal } = getCurrent()
      response.write('a part')
      try {
        await new Event().wait()
      } catch (error) {
        events.push((error as { code: string }).code, String(signal.aborted))
        throw error
      } finally {
        await pause()
        events.push('cleaned up')
      }
    })
    const { socket, heard } = await dial(port)
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => heard().includes('a part'))
    leave(socket)
    await until(() => server.statistics().active === 0)
    expect(events).toEqual(['GH_EXIT', 'true', 'cleaned up'])
    expect(server.statistics()).toMatchObject({ broken: 1, failed: 0, connections: 0 })
  })

  it('ends a greenlet that waits for a body which will not come', async () => {
    const { server, port } = await started(function* (request) {
      yield* wait(text(request).catch(() => new Promise<never>(() => {})))
    })
    const { socket } = await dial(port)
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nonly this')
    await until(() => server.statistics().active === 1)
    socket.destroy()
    await until(() => server.statistics().active === 0)
    expect(server.statistics().broken).toBe(1)
  })

  it('lets a greenlet finish whose response is complete', async () => {
    const gone = new Event()
    let finished = false
    const { server, port } = await started(async (_, response) => {
      response.end('all')
      await gone.wait()
      await pause()
      finished = true
    })
    const { socket, heard } = await dial(port)
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => heard().includes('all'))
    socket.destroy()
    await until(() => server.statistics().connections === 0)
    gone.set()
    await until(() => finished)
    expect(server.statistics()).toMatchObject({ broken: 0, served: 1 })
  })

  it('answers 500 when a greenlet is ended by somebody else', async () => {
    const { url } = await started(async () => {
      end(getCurrent())
      await pause()
    })
    expect(await get(url)).toEqual([500, 'Internal Server Error\n'])
  })

  it('never starts a request whose client left while it waited for its turn', async () => {
    const go = new Event()
    const seen: string[] = []
    const { server, port } = await started(
      async (request, response) => {
        seen.push(request.url!)
        await go.wait()
        response.end('done')
      },
      { concurrency: 1 },
    )
    const [first, second, third] = [await dial(port), await dial(port), await dial(port)]
    first.socket.write('GET /1 HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => server.statistics().active === 1)
    second.socket.write('GET /2 HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => server.statistics().waiting === 1)
    third.socket.write('GET /3 HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => server.statistics().waiting === 2)
    second.socket.destroy()
    await until(() => server.statistics().waiting === 1)
    go.set()
    await until(() => third.heard().includes('done'))
    expect(seen).toEqual(['/1', '/3'])
    expect(server.statistics()).toMatchObject({ served: 2, broken: 1 })
  })
})

describe('serveHttp, concurrency', () => {
  it('answers so many at once, in order of arrival, each in its own async context', async () => {
    const storage = new AsyncLocalStorage<string>()
    let active = 0
    let most = 0
    const seen: string[] = []
    const { server, url } = await started(
      async (request, response) => {
        most = Math.max(most, ++active)
        await pauseFor(1)
        seen.push(request.url!)
        expect(storage.getStore()).toBe(request.url)
        storage.enterWith('of a handler, and nobody else')
        active--
        response.end()
      },
      { concurrency: 2 },
    )
    const emit = server.server.emit.bind(server.server) as (...args: unknown[]) => boolean
    server.server.emit = ((event: string, ...args: unknown[]): boolean => {
      if (event !== 'request') return emit(event, ...args)
      return storage.run((args[0] as IncomingMessage).url!, () => emit(event, ...args))
    }) as typeof server.server.emit
    const paths = ['/1', '/2', '/3', '/4', '/5', '/6']
    const answers = await Promise.all(paths.map((path) => get(url + path)))
    expect(answers).toEqual(paths.map(() => [200, '']))
    expect(most).toBe(2)
    expect(seen.sort()).toEqual(paths)
  })

  it('serves the requests of one connection one after the other', async () => {
    const seen: string[] = []
    const { port } = await started(async (request, response) => {
      await pauseFor(request.url === '/slow' ? 10 : 1)
      seen.push(request.url!)
      response.end(request.url)
    })
    const { socket, heard } = await dial(port)
    const ask = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`
    socket.write(ask('/slow') + ask('/quick'))
    await until(() => heard().endsWith('/quick'))
    expect(heard()).toMatch(/\/slow.*\/quick/s)
  })
})

describe('serveHttp, start and stop', () => {
  it('gives the bound address, of a port or a path, IPv4 or IPv6', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'serve-http-'))
    const path = join(folder, 'http.sock')
    const server = made((_, response) => void response.end('hello'))
    expect(server.address).toBeUndefined()
    expect(await server.start(`unix:${path}`)).toEqual({ path })
    const request = httpRequest({ socketPath: path, agent: false }).end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    expect(await text(response)).toBe('hello')
    await server.stop()
    rmSync(folder, { recursive: true })
    const address = await server.start({ host: '::1', port: 0 })
    expect(address).toEqual({ host: '::1', port: expect.any(Number) })
    expect(server.address).toEqual(address)
    await expect(server.start(address)).rejects.toThrow(coded('GH_INVALID_STATE'))
    await expect(made(() => {}).start(address)).rejects.toThrow(coded('EADDRINUSE'))
  })

  it('does not listen when start was given up', async () => {
    const controller = new AbortController()
    const server = made(() => {})
    const starting = server.start('localhost:0', { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(starting).rejects.toThrow('enough')
    await new Promise((resolve) => setImmediate(resolve))
    expect(server.address).toBeUndefined()
    await expect(server.start('localhost:0', { timeoutMs: 0 })).rejects.toThrow(coded('GH_TIMEOUT'))
    expect((await server.start('127.0.0.1:0')).host).toBe('127.0.0.1')
  })

  it('closes idle connections at once, and lets running requests finish', async () => {
    const go = new Event()
    const { server, port } = await started(async (request, response) => {
      if (request.url === '/begun') response.write('begun ')
      if (request.url !== '/idle') await go.wait()
      response.end('done')
    })
    const [fresh, used, half] = [await dial(port), await dial(port), await dial(port)]
    used.socket.write('GET /idle HTTP/1.1\r\nhost: x\r\n\r\n')
    half.socket.write('GET /half HTT')
    const [busy, begun] = [await dial(port), await dial(port)]
    busy.socket.write('GET /busy HTTP/1.1\r\nhost: x\r\n\r\n')
    begun.socket.write('GET /begun HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => used.heard().includes('done') && begun.heard().includes('begun'))
    await until(() => server.statistics().active === 2 && server.statistics().connections === 5)

    const closed = [fresh, used, half].map(({ socket }) => once(socket, 'close'))
    const stopping = server.stop({ timeoutMs: 60_000 })
    await Promise.all(closed)
    await until(() => server.statistics().connections === 2)
    expect(server.statistics()).toMatchObject({ listening: false, active: 2 })
    go.set()
    expect(await stopping).toBe(true)
    await until(() => busy.socket.closed && begun.socket.closed)
    expect(busy.heard()).toMatch(/connection: close.*done$/is)
    expect(begun.heard()).toContain('begun')
    expect(begun.heard()).toMatch(/done\r\n0\r\n\r\n$/)
    expect(await server.stop()).toBe(true)
    expect(server.statistics()).toMatchObject({ connections: 0, served: 3, active: 0 })
  })

  it('cuts off what goes on when the time is up', async () => {
    const events: string[] = []
    const { server, port } = await started(
      async () => {
        try {
          await new Event().wait()
        } finally {
          events.push('cleaned up')
        }
      },
      { concurrency: 1 },
    )
    const [busy, queued] = [await dial(port), await dial(port)]
    for (const { socket } of [busy, queued]) socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => server.statistics().waiting === 1)
    const patient = server.stop({ timeoutMs: Infinity })
    expect(await server.stop({ timeoutMs: 5 })).toBe(false)
    expect(await patient).toBe(false)
    expect(server.statistics()).toMatchObject({ connections: 0, waiting: 0 })
    await until(() => events.length === 1)
    expect(server.statistics()).toMatchObject({ active: 0, failed: 0 })
    expect(await server.stop()).toBe(false)
  })

  it('does not wait for ever for a handler on a promise that nobody can end', async () => {
    const { server, port } = await started(() => new Promise<void>(() => {}))
    const { socket } = await dial(port)
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => server.statistics().active === 1)
    expect(await server.stop({ timeoutMs: 1 })).toBe(false)
  })

  it('is stopped by one of its own handlers, which still answers', async () => {
    const { server, url } = await started(async (_, response) => {
      response.end(`stopped ${await server.stop()}`)
    })
    expect(await get(url)).toEqual([200, 'stopped true'])
    expect(server.address).toBeUndefined()
    await until(() => server.statistics().connections === 0)
  })

  it('drains on when the one who stops it is ended', async () => {
    const go = new Event()
    const { server, port } = await started(async (_, response) => {
      await go.wait()
      response.end('done')
    })
    const { socket, heard } = await dial(port)
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(() => server.statistics().active === 1)
    const stopper = schedule(async () => server.stop())
    await pause()
    end(stopper)
    await expect(stopper.join()).rejects.toThrow(coded('GH_EXIT'))
    go.set()
    expect(await server.stop()).toBe(true)
    await until(() => heard().endsWith('done'))
  })

  it('takes the requests of a server that is there already', async () => {
    const own = createServer().listen(0, '127.0.0.1')
    await once(own, 'listening')
    const server = made((_, response) => void response.end('ours'), { server: own })
    const { port } = server.address!
    expect(server.server).toBe(own)
    expect(await get(`http://127.0.0.1:${port}`)).toEqual([200, 'ours'])
    expect(await server.stop()).toBe(true)
    expect(own.listening).toBe(false)
  })

  it('leaves nothing behind', async () => {
    const resources = () =>
      process.getActiveResourcesInfo().filter((each) => /TCP|Pipe/.test(each)).length
    const before = resources()
    const server = made((_, response) => void response.end('ours'))
    for (let i = 0; i < 3; i++) {
      const { port } = await server.start('127.0.0.1:0')
      await get(`http://127.0.0.1:${port}`)
      await server.stop()
    }
    await until(() => resources() === before)
    expect(server.server.listenerCount('listening')).toBe(
      0 + createServer().listenerCount('listening'),
    )
  })
})

describe('serveHttp, other clients', () => {
  const has = (command: string) => spawnSync(command, ['--version']).status === 0
  const run = promisify(execFile)

  it.skipIf(!has('curl'))('answers curl: bodies, Expect, keep-alive', async () => {
    const { server, url } = await started(async (request, response) => {
      response.end(`${request.method} ${(await text(request)).length};`)
    })
    const body = 'x'.repeat(100_000)
    const args = ['--silent', '-H', 'Expect: 100-continue', '--data', body, `${url}/1`, `${url}/2`]
    const { stdout } = await run('curl', args)
    expect(stdout).toBe('POST 100000;POST 100000;')
    await until(() => server.statistics().connections === 0)
  })

  it.skipIf(!has('curl') || !hasOpenssl())('answers over TLS', async () => {
    const { key, cert } = certificate()
    const { server, port } = await started(
      async (_, response) => {
        await pauseFor(1)
        response.end('secret')
      },
      { tls: { key, cert } },
    )
    const { stdout } = await run('curl', ['--silent', '--insecure', `https://127.0.0.1:${port}`])
    expect(stdout).toBe('secret')
    const { socket } = await dial(port)
    socket.write('no handshake')
    await once(socket, 'close')
    expect(await server.stop()).toBe(true)
  })
})
