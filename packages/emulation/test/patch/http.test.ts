// Requests of http and https, and fetch.
import { getEventListeners, once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { end, getCurrent, pause, pauseFor, schedule, withTimeout } from '@greenhouse/scheduler'
import { patch, unpatch } from '@greenhouse/emulation'
import { cutAfter, cutAtCompletion, cutBeforeStart, cutInFlight } from './rows.ts'
import { errorOf, turn } from './support.ts'

const fixtures = new URL('../../../io/test/fixtures/', import.meta.url)
const pem = (name: string): Buffer => readFileSync(new URL(name, fixtures))

/** Answers /, answers a part of /body, and never /mute. */
const onRequest: http.RequestListener = (request, response) => {
  seen++
  open.add(request)
  request.on('close', () => open.delete(request))
  response.on('close', () => open.delete(request))
  if (request.url === '/') response.end('answer')
  else if (request.url === '/body') response.write('part')
  else if (request.url === '/empty') response.writeHead(204).end()
  else if (request.url === '/late') setTimeout(() => response.end('answer'), 400)
}
const open = new Set<unknown>()
let seen = 0
const server = http.createServer(onRequest)
const secure = https.createServer(
  { key: pem('server-key.pem'), cert: pem('server-cert.pem') },
  onRequest,
)
let url: string
let secureUrl: string
// What took the call out of its module before the patch.
const captured = http.request

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  secure.listen(0, '127.0.0.1')
  await Promise.all([once(server, 'listening'), once(secure, 'listening')])
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  secureUrl = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`
})
afterAll(() => {
  for (const one of [server, secure]) {
    one.close()
    one.closeAllConnections()
  }
})
beforeEach(() => patch('http', 'https', 'fetch'))

const aborted = { name: 'AbortError', code: 'ABORT_ERR' }
const INSECURE = { rejectUnauthorized: false }

type Call = (url: string, options?: http.RequestOptions) => http.ClientRequest

/** The text that a request is answered with. */
function answer(request: http.ClientRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => (text += piece))
      response.on('end', () => resolve(text))
      response.on('error', reject)
    })
    request.end()
  })
}

describe.each<[string, Call, () => string]>([
  ['http.request', (to, options = {}) => http.request(to, options), () => url],
  ['http.get', (to, options = {}) => http.get(to, options), () => url],
  [
    'https.request',
    (to, options) => https.request(to, { ...INSECURE, ...options }),
    () => secureUrl,
  ],
  ['https.get', (to, options) => https.get(to, { ...INSECURE, ...options }), () => secureUrl],
])('%s', (_, call, base) => {
  const right = (text: unknown): void => expect(text).toBe('answer')

  it('is cut before its start, in flight, at its completion and after', async () => {
    const run = (): Promise<string> => answer(call(`${base()}/`, { agent: false }))
    await cutBeforeStart(run)
    await cutInFlight(run)
    await cutAtCompletion(run, right)
    await cutAfter(run, right)
    await expect.poll(() => open.size).toBe(0)
  })

  it('is aborted while it waits for its answer, and the server sees it', async () => {
    const before = seen
    const waiting = withTimeout(300, async () => answer(call(`${base()}/mute`)))
    expect(await errorOf(waiting)).toMatchObject({ code: 'GH_TIMEOUT', cause: aborted })
    expect(seen).toBe(before + 1)
    await expect.poll(() => open.size).toBe(0)
  })

  it('is aborted while its body comes', async () => {
    const begun = performance.now()
    const reading = withTimeout(50, async () => answer(call(`${base()}/body`)))
    expect(await errorOf(reading)).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(performance.now() - begun).toBeLessThan(5000)
    await expect.poll(() => open.size).toBe(0)
  })
})

describe('http', () => {
  it('T3: a request that waits for a socket of its agent is rejected at once, and leaves its queue', async () => {
    const agent = new http.Agent({ maxSockets: 1, keepAlive: true })
    let answered = false
    const other = answer(http.request(`${url}/late`, { agent }))
    void other.then(() => (answered = true))
    const queued = withTimeout(20, async () =>
      Promise.allSettled([1, 2, 3].map(() => answer(http.request(`${url}/`, { agent })))),
    )
    expect(await errorOf(queued)).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(answered).toBe(false)
    expect(agent.requests).toEqual({})
    // The one who has the socket is not harmed, and the agent works on.
    expect(await other).toBe('answer')
    expect(await answer(http.request(`${url}/`, { agent }))).toBe('answer')
    agent.destroy()
  })

  it('harms nobody else on the same agent', async () => {
    const agent = new http.Agent({ maxSockets: 4, keepAlive: true })
    const innocent = schedule(async () => {
      const texts = []
      for (let i = 0; i < 10; i++) {
        texts.push(await answer(http.request(`${url}/`, { agent })))
        await pauseFor(2)
      }
      return texts
    })
    for (let i = 0; i < 10; i++) {
      const cut = withTimeout(i, async () => answer(http.request(`${url}/mute`, { agent })))
      expect(await errorOf(cut)).toMatchObject({ code: 'GH_TIMEOUT' })
    }
    expect(await innocent.join()).toEqual(Array.from({ length: 10 }, () => 'answer'))
    agent.destroy()
  })

  it('T4: an idle socket outlives the scope that opened it, and belongs to nobody', async () => {
    const agent = new http.Agent({ keepAlive: true })
    await errorOf(
      withTimeout(60, async () => {
        await answer(http.request(`${url}/`, { agent }))
        await pauseFor(60_000)
      }),
    )
    await turn()
    const sockets = Object.values(agent.freeSockets).flat()
    expect(sockets).toHaveLength(1)
    const request = http.request(`${url}/`, { agent })
    expect(await answer(request)).toBe('answer')
    expect(request.reusedSocket).toBe(true)
    agent.destroy()
  })

  it('T7: no error is left without a listener', async () => {
    await errorOf(
      withTimeout(20, async () => {
        http.get(`${url}/mute`)
        http.get(`${url}/body`, (response) => response.resume())
        await pauseFor(60_000)
      }),
    )
    await pauseFor(10)
  })

  it('T11: reaches those who took the call out of its module before, while it is patched', async () => {
    const waiting = withTimeout(50, async () => answer(captured(`${url}/mute`)))
    expect(await errorOf(waiting)).toMatchObject({ code: 'GH_TIMEOUT', cause: aborted })
    await expect.poll(() => open.size).toBe(0)
    unpatch('http')
    let request!: http.ClientRequest
    const unpatched = withTimeout(20, async () => {
      request = captured(`${url}/mute`).on('error', () => {})
      request.end()
      await pauseFor(60_000)
    })
    const error = await errorOf(unpatched)
    const { destroyed } = request
    request.destroy()
    expect([destroyed, error.code, error.cause]).toEqual([false, 'GH_TIMEOUT', undefined])
  })

  it('leaves an upgraded connection alone', async () => {
    server.once('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
      socket.pipe(socket)
    })
    const headers = { connection: 'Upgrade', upgrade: 'x' }
    const socket = await withTimeout(10_000, async () => {
      const [, upgraded] = (await once(http.get(url, { headers }), 'upgrade')) as [unknown, Socket]
      return upgraded
    })
    socket.write('echo')
    expect(String((await once(socket, 'data'))[0])).toBe('echo')
    socket.destroy()
  })

  it('gives Node’s own errors for bad arguments, and for those who refuse', async () => {
    await withTimeout(10_000, async () => {
      expect(() => http.request('no url')).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_URL' }),
      )
      expect(() => http.request({ method: 5 } as never)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      )
      expect(await errorOf(answer(http.request('http://127.0.0.1:1/')))).toMatchObject({
        code: 'ECONNREFUSED',
      })
    })
  })
})

describe('fetch', () => {
  const text = async (path: string, init?: RequestInit): Promise<string> =>
    (await fetch(url + path, init)).text()

  it('is cut before its start, in flight, at its completion and after', async () => {
    const right = (given: unknown): void => expect(given).toBe('answer')
    await cutBeforeStart(async () => text('/'), 'reason')
    await cutInFlight(async () => text('/'), 'reason')
    await cutAtCompletion(async () => text('/'), right, 'reason')
    await cutAfter(async () => text('/'), right)
    await expect.poll(() => open.size).toBe(0)
  })

  it('rejects with the reason itself, and the server sees it', async () => {
    let inside: unknown
    const waiting = withTimeout(50, async () => {
      inside = await errorOf(fetch(`${url}/mute`))
      throw inside
    })
    const error = await errorOf(waiting)
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(inside).toBe(error)
    await expect.poll(() => open.size).toBe(0)
  })

  it('belongs to its scope until its body ends', async () => {
    const error = await errorOf(withTimeout(50, async () => text('/body')))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    await expect.poll(() => open.size).toBe(0)
  })

  it('passes to the scope around: its body can be read after a normal end', async () => {
    await withTimeout(10_000, async () => {
      const response = await withTimeout(10_000, async () => fetch(`${url}/`))
      expect(await response.text()).toBe('answer')
    })
    const response = await withTimeout(10_000, async () => fetch(`${url}/`))
    expect(await response.text()).toBe('answer')
  })

  it('is over with a body that is empty, read, cancelled or failed', async () => {
    const greenlet = schedule(async () => {
      const works = (): number =>
        getCurrent().blockedOn.filter(({ kind }) => kind === 'fetch').length
      await fetch(`${url}/empty`)
      await turn()
      expect(works()).toBe(0)
      await text('/')
      await turn()
      expect(works()).toBe(0)
      const unread = await fetch(`${url}/body`)
      expect(works()).toBe(1)
      await unread.body!.cancel()
      await turn()
      expect(works()).toBe(0)
      const controller = new AbortController()
      const failing = await fetch(`${url}/body`, { signal: controller.signal })
      controller.abort(new Error('mine'))
      expect(await errorOf(failing.text())).toBeInstanceOf(Error)
      await turn()
      expect(works()).toBe(0)
    })
    await greenlet.join()
  })

  it('hears the caller’s own signal, of the call or its Request, and leaves nothing on it', async () => {
    const controller = new AbortController()
    const { signal } = controller
    await withTimeout(10_000, async () => {
      await text('/', { signal })
      await turn()
      expect(getEventListeners(signal, 'abort')).toEqual([])
      const waiting = [
        errorOf(fetch(`${url}/mute`, { signal })),
        errorOf(fetch(new Request(`${url}/mute`, { signal }))),
      ]
      await pauseFor(20)
      controller.abort(new Error('mine'))
      for (const error of await Promise.all(waiting))
        expect(error).toMatchObject({ message: 'mine' })
      expect(await errorOf(fetch(`${url}/`, { signal }))).toMatchObject({ message: 'mine' })
    })
  })

  it('gives its own errors for bad arguments', async () => {
    await withTimeout(10_000, async () => {
      const bad = fetch as unknown as (...args: unknown[]) => Promise<unknown>
      for (const args of [
        [],
        ['no url'],
        [url, { signal: 5 }],
        [url, { method: 'no method' }],
        [url, 5],
      ]) {
        expect(await errorOf(bad(...args))).toBeInstanceOf(TypeError)
      }
    })
  })

  it('is cut with the end of its greenlet', async () => {
    let error: unknown
    const greenlet = schedule(async () => {
      error = await errorOf(fetch(`${url}/mute`))
      throw error
    })
    await pause()
    end(greenlet)
    expect(await errorOf(greenlet.join())).toMatchObject({ code: 'GH_EXIT' })
    expect(error).toMatchObject({ code: 'GH_EXIT' })
  })
})
