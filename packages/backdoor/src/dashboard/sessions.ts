// Who has shown the token: the browser keeps a random number in a strict cookie, never the token itself, and no address or
// history ever holds either.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { now } from '@greenhouse/scheduler/kernel'
import { peerKey, TokenGate, type TokenAuth, type TokenVerdict } from '../security/token.ts'

const LASTS_MS = 12 * 60 * 60 * 1000
/** The oldest is forgotten for a new one. */
const MOST_SESSIONS = 100

/** Opens and knows sessions. */
export class Sessions {
  private readonly gate: TokenGate
  private readonly secure: boolean
  /** Cookies of one host are shared by all its ports: each dashboard has a name of its own. */
  private readonly cookie: string = `greenhouse-${randomBytes(4).toString('hex')}`
  /** Each with its end, in the order in which they were opened. */
  private readonly sessions: Map<string, number> = new Map()

  constructor(auth: TokenAuth, secure: boolean) {
    this.gate = new TokenGate(auth)
    this.secure = secure
  }

  /** What comes of a token that was sent by login form. */
  judge(request: IncomingMessage, token: unknown): TokenVerdict {
    return this.gate.judge(token, peerKey(request.socket.remoteAddress))
  }

  /** Whether a request shows a session, or the token itself as `Authorization: Bearer`. */
  check(request: IncomingMessage): TokenVerdict {
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')
    if (bearer !== null) return this.judge(request, bearer[1])
    const session = this.sessionOf(request)
    return session !== null && (this.sessions.get(session) ?? 0) > now() ? 'passed' : 'wrong'
  }

  /** Opens a session, and gives the cookie to set. */
  open(): string {
    const session = randomBytes(32).toString('base64url')
    this.sessions.set(session, now() + LASTS_MS)
    if (this.sessions.size > MOST_SESSIONS) this.sessions.delete(this.sessions.keys().next().value!)
    return this.setCookie(session, LASTS_MS / 1000)
  }

  /** Ends the session of a request, and gives the cookie to set. */
  close(request: IncomingMessage): string {
    const session = this.sessionOf(request)
    if (session !== null) this.sessions.delete(session)
    return this.setCookie('', 0)
  }

  private sessionOf(request: IncomingMessage): string | null {
    for (const pair of (request.headers.cookie ?? '').split(';')) {
      const [name, value] = pair.trim().split('=')
      if (name === this.cookie && value !== undefined && value !== '') return value
    }
    return null
  }

  private setCookie(value: string, seconds: number): string {
    const secure = this.secure ? '; Secure' : ''
    return `${this.cookie}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`
  }
}
