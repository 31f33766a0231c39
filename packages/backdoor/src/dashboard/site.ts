// The dashboard as a web site: which request gets what, and who may ask for it.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parse } from 'node:querystring'
import {
  end,
  mainGreenlet,
  scheduleException,
  type Greenlet,
  type Steps,
} from '@greenhouse/scheduler'
import { dumpGreenlet, livingGreenlets } from '@greenhouse/scheduler/kernel'
import { logInfo } from '../security/log.ts'
import type { Permission } from '../security/permissions.ts'
import type { TokenVerdict } from '../security/token.ts'
import { readBody } from './body.ts'
import type { Feed } from './feed.ts'
import { armour, refusalOf } from './guard.ts'
import type { PageAssets } from './page-assets.ts'
import { record } from './recording.ts'
import type { Sessions } from './sessions.ts'

/** What a site is made of. */
export interface SiteParts {
  readonly feed: Feed
  /** Null where nobody has to log in. */
  readonly sessions: Sessions | null
  readonly allowed: ReadonlySet<Permission>
  readonly hosts: ReadonlySet<string>
  readonly tls: boolean
  readonly assets: PageAssets
}

/** The error that "interrupt" throws into a greenlet. */
class Interrupted extends Error {
  override name = 'Interrupted'

  constructor() {
    super('Interrupted from the dashboard')
  }
}

const LONGEST_RECORDING_MS = 30_000

type Route = (
  request: IncomingMessage,
  response: ServerResponse,
  rest: string,
) => Steps<void> | void

/** Answers requests. */
export class Site {
  private readonly parts: SiteParts
  private recording = false
  private readonly open: Readonly<Record<string, Route>>
  private readonly guarded: Readonly<Record<string, Route>>

  constructor(parts: SiteParts) {
    this.parts = parts
    const { assets } = parts
    // Nothing in these is secret.
    this.open = {
      'GET /app.js': (_request, response) => send(response, 200, 'text/javascript', assets.script),
      'GET /app.css': (_request, response) => send(response, 200, 'text/css', assets.style),
      'GET /icon.svg': (_request, response) => send(response, 200, 'image/svg+xml', assets.icon),
      'POST /login': (request, response) => this.logIn(request, response),
      'POST /logout': (request, response) => this.logOut(request, response),
    }
    this.guarded = {
      'GET /': (_request, response) => send(response, 200, 'text/html', assets.page),
      'GET /events': (_request, response) => this.watch(response),
      'GET /api/greenlet/': (_request, response, rest) => this.show(response, rest),
      'POST /api/end/': (request, response, rest) => this.end(request, response, rest),
      'POST /api/interrupt/': (request, response, rest) => this.interrupt(request, response, rest),
      'POST /api/record/': (_request, response, rest) => this.record(response, rest),
    }
  }

  *answer(request: IncomingMessage, response: ServerResponse): Steps<void> {
    armour(response)
    const { hosts, tls } = this.parts
    const refusal = refusalOf(request, hosts, tls)
    if (refusal !== null) return say(response, refusal.status, refusal.message)
    const [path = ''] = (request.url ?? '').split('?', 1)
    const found = find(this.open, request, path)
    if (found !== null) return yield* steps(found.route(request, response, found.rest))
    const guarded = find(this.guarded, request, path)
    const verdict = this.parts.sessions?.check(request) ?? 'passed'
    if (verdict !== 'passed') return this.refuse(response, verdict, path)
    if (guarded === null) return say(response, 404, 'There is nothing here')
    return yield* steps(guarded.route(request, response, guarded.rest))
  }

  private refuse(response: ServerResponse, verdict: TokenVerdict, path: string): void {
    if (path === '/') return send(response, 401, 'text/html', this.parts.assets.login)
    const status = verdict === 'locked' ? 429 : 401
    response.setHeader('www-authenticate', 'Bearer')
    return say(response, status, verdict === 'locked' ? LOCKED : 'Log in first')
  }

  private *logIn(request: IncomingMessage, response: ServerResponse): Steps<void> {
    const { sessions, assets } = this.parts
    if (sessions === null) return redirect(response)
    const body = yield* readBody(request)
    if (body === null) {
      response.shouldKeepAlive = false
      return say(response, 413, 'The body is too large')
    }
    const verdict = sessions.judge(request, parse(body, '&', '=', { maxKeys: 8 })['token'])
    const peer = request.socket.remoteAddress ?? 'a local process'
    logInfo(`The dashboard was given a token by ${peer}: ${verdict}`)
    if (verdict === 'passed') {
      response.setHeader('set-cookie', sessions.open())
      return redirect(response)
    }
    return send(response, verdict === 'locked' ? 429 : 401, 'text/html', assets.refused[verdict])
  }

  private logOut(request: IncomingMessage, response: ServerResponse): void {
    const { sessions } = this.parts
    if (sessions !== null) response.setHeader('set-cookie', sessions.close(request))
    redirect(response)
  }

  private *watch(response: ServerResponse): Steps<void> {
    const { feed, allowed, sessions } = this.parts
    if (feed.full) return say(response, 503, 'Too many watch already')
    yield* feed.serve(response, {
      pid: process.pid,
      node: process.version,
      title: process.argv[1] ?? process.title,
      upSeconds: Math.round(process.uptime()),
      allowed: [...allowed],
      login: sessions !== null,
    })
  }

  private show(response: ServerResponse, id: string): void {
    const greenlet = greenletOf(id)
    // That it has gone is an answer, and no error for the browser's console.
    const details = greenlet === undefined ? null : dumpGreenlet(greenlet)
    send(response, 200, 'application/json', JSON.stringify(details))
  }

  private end(request: IncomingMessage, response: ServerResponse, id: string): void {
    this.act(request, response, 'end', id, (greenlet) => end(greenlet))
  }

  private interrupt(request: IncomingMessage, response: ServerResponse, id: string): void {
    this.act(request, response, 'interrupt', id, (greenlet) =>
      scheduleException(new Interrupted(), greenlet),
    )
  }

  private act(
    request: IncomingMessage,
    response: ServerResponse,
    verb: 'end' | 'interrupt',
    id: string,
    action: (greenlet: Greenlet) => void,
  ): void {
    if (!this.parts.allowed.has('act')) return say(response, 403, notAllowed('act'))
    const greenlet = greenletOf(id)
    if (greenlet === undefined) return say(response, 404, 'There is no such greenlet')
    if (greenlet === mainGreenlet) return say(response, 409, 'Main stands for all code outside')
    const peer = request.socket.remoteAddress ?? 'a local process'
    logInfo(`The dashboard does "${verb}" to greenlet ${id} "${greenlet.name}" for ${peer}`)
    action(greenlet)
    response.writeHead(204).end()
  }

  private *record(response: ServerResponse, rest: string): Steps<void> {
    if (!this.parts.allowed.has('record')) return say(response, 403, notAllowed('record'))
    const forMs = Number(rest)
    if (!/^\d{1,6}$/.test(rest) || forMs < 1 || forMs > LONGEST_RECORDING_MS) {
      return say(response, 400, `Expected milliseconds from 1 to ${LONGEST_RECORDING_MS}`)
    }
    if (this.recording) return say(response, 409, 'A recording is going on already')
    this.recording = true
    try {
      yield* record(response, forMs)
    } finally {
      this.recording = false
    }
  }
}

const LOCKED = 'Too many wrong tokens: wait a minute'

function notAllowed(permission: Permission): string {
  return `This dashboard does not allow '${permission}' (option \`allow\`)`
}

function find(
  routes: Readonly<Record<string, Route>>,
  request: IncomingMessage,
  path: string,
): { readonly route: Route; readonly rest: string } | null {
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const cut = path.startsWith('/api/') ? path.lastIndexOf('/') + 1 : path.length
  const key = `${method} ${path.slice(0, cut)}`
  return Object.hasOwn(routes, key) ? { route: routes[key]!, rest: path.slice(cut) } : null
}

function* steps(given: Steps<void> | void): Steps<void> {
  if (given !== undefined) yield* given
}

/** The living greenlet of this number. */
function greenletOf(text: string): Greenlet | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined
  const id = Number(text)
  return livingGreenlets().find((greenlet) => greenlet.id === id)
}

function send(response: ServerResponse, status: number, type: string, content: string): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(content),
  })
  response.end(content)
}

function say(response: ServerResponse, status: number, message: string): void {
  send(response, status, 'text/plain', `${message}\n`)
}

function redirect(response: ServerResponse): void {
  response.writeHead(303, { location: '/' }).end()
}
