import type { IncomingMessage } from 'node:http'
import { certificate, hasOpenssl } from '@greenhouse/test-kit/certificate'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { once } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { end, greenlet, pauseFor, schedule, type Greenlet } from '@greenhouse/scheduler'
import { ask, dashboard, Events, log, logIn, TOKEN } from './dashboard-support.ts'

const auth = { token: TOKEN, attempts: 3, lockoutMs: 60_000 }

function sleeper(name: string): Greenlet {
  return schedule(
    greenlet(
      function* () {
        yield* pauseFor(60_000)
      },
      { name },
    ),
  )
}

describe('who gets in', () => {
  it('shows the login form alone to whoever has not shown the token', async () => {
    const { url } = await dashboard({ auth })
    const page = await ask(url)
    expect(page.status).toBe(401)
    expect(page.text).toContain('type="password"')
    expect(page.text).not.toContain('app.js')
    for (const path of ['/events', '/api/greenlet/0', '/api/nothing/1', '/nowhere']) {
      const answer = await ask(url + path)
      expect([path, answer.status]).toEqual([path, 401])
      expect(answer.text).toBe('Log in first\n')
    }
    const post = await ask(`${url}/api/end/1`, { method: 'POST', headers: { origin: url } })
    expect(post.status).toBe(401)
  })

  it('opens by the login form, with a strict cookie that is not the token', async () => {
    const { url } = await dashboard({ auth })
    const answer = await ask(`${url}/login`, {
      method: 'POST',
      headers: { origin: url, 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${TOKEN}`,
    })
    expect(answer.status).toBe(303)
    expect(answer.headers.location).toBe('/')
    const [set] = answer.headers['set-cookie']!
    expect(set).toMatch(
      /^greenhouse-[0-9a-f]{8}=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    )
    expect(set).not.toContain(TOKEN)
    const cookie = set!.split(';')[0]!
    expect((await ask(url, { headers: { cookie } })).text).toContain('app.js')
    const feed = await Events.open(url, { cookie })
    expect((await feed.next()).whole).toBe(true)
    feed.close()

    await ask(`${url}/logout`, { method: 'POST', headers: { origin: url, cookie } })
    expect((await ask(url, { headers: { cookie } })).status).toBe(401)
  })

  it('opens by an Authorization header, for scripts', async () => {
    const { url } = await dashboard({ auth })
    const right = { authorization: `Bearer ${TOKEN}` }
    expect((await ask(`${url}/api/greenlet/0`, { headers: right })).status).toBe(200)
    const wrong = { authorization: `Bearer ${TOKEN}x` }
    expect((await ask(`${url}/api/greenlet/0`, { headers: wrong })).status).toBe(401)
  })

  it("knows no token in the address, and another dashboard's cookie", async () => {
    const { url } = await dashboard({ auth })
    const other = await dashboard({ auth })
    expect((await ask(`${url}/?token=${TOKEN}`)).status).toBe(401)
    const cookie = await logIn(other.url)
    expect(cookie).not.toBe('')
    expect((await ask(url, { headers: { cookie } })).status).toBe(401)
  })

  it.skipIf(!hasOpenssl())(
    'speaks TLS: then cookies are secure, and plain origins foreign',
    async () => {
      const { url, port } = await dashboard({ auth, tls: certificate() })
      const post = async (origin: string) => {
        const request = httpsRequest(`${url}/login`, {
          method: 'POST',
          agent: false,
          rejectUnauthorized: false,
          headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
        })
        request.end(`token=${TOKEN}`)
        const [response] = (await once(request, 'response')) as [IncomingMessage]
        response.resume()
        return response
      }
      expect((await post(`http://127.0.0.1:${port}`)).statusCode).toBe(403)
      const { statusCode, headers } = await post(`https://127.0.0.1:${port}`)
      expect(statusCode).toBe(303)
      expect(headers['set-cookie']![0]).toContain('; Secure')
    },
  )

  it('locks a peer out that guesses, the right token too', async () => {
    const { url } = await dashboard({ auth })
    for (let i = 0; i < 3; i++) expect(await logIn(url, `wrong token number ${i}`)).toBe('')
    expect(await logIn(url)).toBe('')
    const headers = { authorization: `Bearer ${TOKEN}` }
    expect((await ask(`${url}/events`, { headers })).status).toBe(429)
    expect(log().slice(1)).toEqual([
      ...Array(3).fill('The dashboard was given a token by 127.0.0.1: wrong'),
      'The dashboard was given a token by 127.0.0.1: locked',
    ])
  })

  it('does not read a login that is larger than a token', async () => {
    const { url } = await dashboard({ auth })
    const answer = await ask(`${url}/login`, {
      method: 'POST',
      headers: { origin: url },
      body: `token=${'x'.repeat(10_000)}`,
    })
    expect(answer.status).toBe(413)
  })
})

describe('other sites', () => {
  it('are refused by their Host, their Origin, and what the browser says of them', async () => {
    const { url, port } = await dashboard({ allow: ['inspect', 'act'], hosts: ['dash.internal'] })
    const get = async (headers: Record<string, string>, path = '/api/greenlet/0') =>
      (await ask(url + path, { headers })).status
    expect(await get({ host: 'evil.example' })).toBe(421)
    expect(await get({ host: `evil.example:${port}` })).toBe(421)
    expect(await get({ host: '127.0.0.1.evil.example' })).toBe(421)
    expect(await get({ host: '10.0.0.1' })).toBe(421)
    expect(await get({ host: 'localhost:9999' })).toBe(200)
    expect(await get({ host: '[::1]:80' })).toBe(200)
    expect(await get({ host: 'Dash.Internal' })).toBe(200)
    expect(await get({ origin: 'https://evil.example' })).toBe(403)
    expect(await get({ origin: 'null' })).toBe(403)
    expect(await get({ origin: 'http://127.0.0.1:1' })).toBe(403)
    expect(await get({ origin: url })).toBe(200)
    expect(await get({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await get({ 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await get({ 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await get({ 'sec-fetch-site': 'none' })).toBe(200)
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    expect(await get({ ...link, 'sec-fetch-dest': 'document' }, '/')).toBe(200)
    expect(await get({ ...link, 'sec-fetch-dest': 'iframe' }, '/')).toBe(403)
    expect(await get({ ...link, 'sec-fetch-dest': 'document' }, '/events')).toBe(403)
  })

  it('cannot make anything happen, nor can a request that does not say where it comes from', async () => {
    const { url } = await dashboard({ allow: ['inspect', 'act'] })
    const target = sleeper('target')
    const post = async (headers: Record<string, string>) =>
      (await ask(`${url}/api/end/${target.id}`, { method: 'POST', headers })).status
    expect(await post({})).toBe(403)
    expect(await post({ origin: 'https://evil.example' })).toBe(403)
    expect(await post({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(403)
    expect(await post({ origin: url, host: 'evil.example' })).toBe(421)
    expect(target.state).not.toBe('ended')
    expect(await post({ origin: url })).toBe(204)
    await expect(target.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
  })

  it('get no part of the page to show: every answer carries the policy', async () => {
    const { url } = await dashboard({ auth })
    for (const path of ['/', '/app.js', '/app.css', '/icon.svg', '/events', '/nowhere']) {
      const { headers } = await ask(url + path)
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(headers['content-security-policy']).not.toContain('unsafe')
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['cache-control']).toBe('no-store')
      expect(headers['cross-origin-resource-policy']).toBe('same-origin')
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
  })
})

describe('what visitors may do', () => {
  it('is only to look, by default', async () => {
    const { url } = await dashboard()
    const target = sleeper('target')
    const post = async (path: string) =>
      await ask(url + path, { method: 'POST', headers: { origin: url } })
    for (const path of [`/api/end/${target.id}`, `/api/interrupt/${target.id}`, '/api/record/10']) {
      expect((await post(path)).status).toBe(403)
    }
    expect(target.state).toBe('blocked')
    const shown = await ask(`${url}/api/greenlet/${target.id}`)
    expect(JSON.parse(shown.text)).toMatchObject({ name: 'target', waits: [{ kind: 'pauseFor' }] })
    end(target)
    await target.join().catch(() => {})
    expect((await ask(`${url}/api/greenlet/${target.id}`)).text).toBe('null')
  })

  it('ends and interrupts greenlets, but not main, and leaves a note in the log', async () => {
    const { url } = await dashboard({ allow: ['inspect', 'act'] })
    const [one, two] = [sleeper('one'), sleeper('two')]
    const outcomes = Promise.all(
      [one, two].map(async (each) => each.join().catch((e: unknown) => e)),
    )
    const post = async (path: string) =>
      (await ask(url + path, { method: 'POST', headers: { origin: url } })).status
    expect(await post(`/api/end/${one.id}`)).toBe(204)
    expect(await post(`/api/interrupt/${two.id}`)).toBe(204)
    expect(await outcomes).toEqual([
      expect.objectContaining({ code: 'GH_EXIT' }),
      expect.objectContaining({ name: 'Interrupted', message: 'Interrupted from the dashboard' }),
    ])
    expect(log().slice(1)).toEqual([
      `The dashboard does "end" to greenlet ${one.id} "one" for 127.0.0.1`,
      `The dashboard does "interrupt" to greenlet ${two.id} "two" for 127.0.0.1`,
    ])
    expect(await post('/api/end/0')).toBe(409)
    expect(await post(`/api/end/${one.id}`)).toBe(404)
    expect(await post('/api/end/1e3')).toBe(404)
    expect(await post('/api/end/')).toBe(404)
  })

  it('records what all greenlets do, one recording at a time', async () => {
    const { url } = await dashboard({ allow: ['inspect', 'record'] })
    const ticker = schedule(function* ticker() {
      for (;;) yield* pauseFor(5)
    })
    const post = async (path: string) =>
      await ask(url + path, { method: 'POST', headers: { origin: url } })
    const first = post('/api/record/150')
    await vi.waitFor(async () => expect((await post('/api/record/1')).status).toBe(409))
    const { status, headers, text } = await first
    expect(status).toBe(200)
    expect(headers['content-disposition']).toContain('greenhouse-trace.json')
    const events = JSON.parse(text) as { ph: string; tid: number; name: string; dur: number }[]
    const waits = events.filter(({ tid, name }) => tid === ticker.id && name === 'pauseFor')
    expect(waits.length).toBeGreaterThan(5)
    expect(waits.every(({ ph, dur }) => ph === 'X' && dur >= 4000)).toBe(true)
    expect((await post('/api/record/999999')).status).toBe(400)
    end(ticker)
  })
})

describe('hostile input', () => {
  it(
    'is answered or cut off, whatever comes, and the dashboard goes on',
    { timeout: 60_000 },
    async () => {
      const { url, port } = await dashboard({ auth: { ...auth, attempts: 1e6 } })
      const method = fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'CONNECT', 'get', '')
      const known = fc.constantFrom(
        '/',
        '/login',
        '/events',
        '/api/greenlet/1',
        '/api/end/0',
        '//',
        '*',
      )
      const path = fc.oneof(known, fc.webUrl(), fc.string({ unit: 'binary' }))
      const header = fc.tuple(
        fc.constantFrom(
          'Host',
          'Origin',
          'Cookie',
          'Authorization',
          'Content-Length',
          'Transfer-Encoding',
          'Expect',
          'Upgrade',
          'Sec-Fetch-Site',
        ),
        fc.oneof(
          fc.string(),
          fc.constantFrom('localhost', 'Bearer x', '-1', '99999999', 'chunked', '__proto__=1'),
        ),
      )
      const request = fc
        .tuple(method, path, fc.array(header, { maxLength: 6 }), fc.string({ unit: 'binary' }))
        .map(([verb, where, headers, body]) => {
          const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
          return `${verb} ${where} HTTP/1.1\r\n${lines}\r\n${body}`
        })
      await fc.assert(
        fc.asyncProperty(fc.oneof(request, fc.string({ unit: 'binary' })), async (bytes) => {
          const socket = connect(port, '127.0.0.1')
          const heard: string[] = []
          socket.on('error', () => {})
          socket.setEncoding('latin1').on('data', (chunk: string) => heard.push(chunk))
          socket.end(bytes, 'latin1')
          await once(socket, 'close')
          const answer = heard.join('')
          expect(answer).not.toMatch(/^HTTP\/1\.1 (500|200 OK\r\ncontent-type: application)/)
          expect(answer).not.toContain('"rows"')
        }),
        { numRuns: 300 },
      )
      expect(
        (await ask(`${url}/api/greenlet/0`, { headers: { authorization: `Bearer ${TOKEN}` } }))
          .status,
      ).toBe(200)
    },
  )

  it('takes only so many connections, and cuts those that say nothing', async () => {
    const { url, port } = await dashboard({ auth })
    const sockets = Array.from({ length: 1000 }, () => connect(port, '127.0.0.1'))
    let open = 0
    let cut = 0
    for (const socket of sockets) {
      socket
        .on('connect', () => open++)
        .on('error', () => {})
        .on('close', () => cut++)
        .resume()
    }
    await vi.waitFor(() => expect(cut).toBeGreaterThanOrEqual(1000 - 128), 5000)
    expect(cut).toBeLessThan(1000)
    // After the time for headers, the rest go too.
    await vi.waitFor(() => expect(cut).toBe(1000), { timeout: 9000, interval: 100 })
    expect(open).toBeGreaterThan(0)
    expect((await ask(url)).status).toBe(401)
  })
})
