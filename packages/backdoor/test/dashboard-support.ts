// A dashboard for a test, and a client that takes HTTP apart.
import { once } from 'node:events'
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { subscribe } from 'node:diagnostics_channel'
import { afterEach } from 'vitest'
import { end, schedule, type Greenlet } from '@greenhouse/scheduler'
import { runDashboard, type DashboardOptions } from '@greenhouse/backdoor'

export const TOKEN = 'correct-horse-battery-staple'

const started: Greenlet[] = []
const logged: string[] = []
// Heard, a warning does not become one of the process.
subscribe('greenhouse:log', (message) => {
  logged.push((message as { message: string }).message)
})

/** What was logged in the test that runs. */
export function log(): readonly string[] {
  return logged
}

afterEach(async () => {
  for (const greenlet of started.splice(0)) {
    end(greenlet)
    await greenlet.join().catch(() => {})
  }
  logged.length = 0
})

/** Starts a dashboard on a free port, and gives its URL and its greenlet. */
export async function dashboard(
  options: DashboardOptions = {},
): Promise<{ url: string; port: number; greenlet: Greenlet }> {
  let greenlet!: Greenlet
  const port = await new Promise<number>((resolve, reject) => {
    greenlet = schedule(() =>
      runDashboard('127.0.0.1:0', {
        ...options,
        onListening: ({ url }) => resolve(Number(new URL(url!).port)),
      }),
    )
    greenlet.join().catch(reject)
  })
  started.push(greenlet)
  return { url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`, port, greenlet }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One request by Node's own client, with exactly these headers (and a Host). */
export async function ask(
  url: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const request = httpRequest(url, { method, headers, agent: false })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode!, headers: response.headers, text: await text(response) }
}

/** Logs in as the form does, and gives the cookie. */
export async function logIn(url: string, token: string = TOKEN): Promise<string> {
  const { headers } = await ask(`${url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: url },
    body: new URLSearchParams({ token }).toString(),
  })
  return headers['set-cookie']?.[0]?.split(';')[0] ?? ''
}

export interface Frame {
  readonly frame: number
  readonly whole?: boolean
  readonly nowMs: number
  readonly hidden: number
  readonly figures: readonly number[]
  readonly history?: readonly (readonly number[])[]
  readonly things?: readonly {
    readonly id: number
    readonly kind: string
    readonly name?: string
    readonly statistics: Record<string, unknown>
    readonly holder?: number | null
  }[]
  readonly strings: readonly string[]
  readonly rows: readonly (readonly number[])[]
  readonly gone: readonly number[]
}

/** The events of a feed, as they come. */
export class Events {
  readonly hello: Promise<Record<string, unknown>>
  readonly response: IncomingMessage
  private readonly all: AsyncGenerator<{ event: string; data: string }>

  private constructor(response: IncomingMessage) {
    this.response = response
    this.all = parse(response)
    this.hello = this.all.next().then(({ value }) => JSON.parse((value as { data: string }).data))
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<Events> {
    const request = httpRequest(`${url}/events`, { headers, agent: false })
    request.on('error', () => {})
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    if (response.statusCode !== 200) throw new Error(`${response.statusCode}`)
    response.on('error', () => {})
    return new Events(response)
  }

  async next(): Promise<Frame> {
    await this.hello
    const { value, done } = await this.all.next()
    if (done === true) throw new Error('The feed has ended')
    return JSON.parse((value as { data: string }).data) as Frame
  }

  close(): void {
    this.response.destroy()
  }
}

async function* parse(
  response: IncomingMessage,
): AsyncGenerator<{ event: string; data: string }, void> {
  let rest = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      const parts = (rest + chunk).split('\n\n')
      rest = parts.pop()!
      for (const part of parts) {
        const [event = '', data = ''] = part.split('\n')
        yield { event: event.replace('event: ', ''), data: data.replace('data: ', '') }
      }
    }
  } catch {
    // Cut off.
  }
}

/** What is known of the greenlets after some frames. */
export class Rows {
  readonly byId: Map<
    number,
    { name: string; parent: number; state: string; kind: string; thing: number; sinceMs: number }
  > = new Map()

  take(frame: Frame): this {
    if (frame.whole === true) this.byId.clear()
    for (const id of frame.gone) this.byId.delete(id)
    for (const [id, parent, name, state, , kind, thing, sinceMs] of frame.rows) {
      this.byId.set(id!, {
        name: frame.strings[name!]!,
        parent: parent!,
        state: ['ready', 'running', 'blocked', 'initial'][state!]!,
        kind: frame.strings[kind!]!,
        thing: thing!,
        sinceMs: sinceMs!,
      })
    }
    return this
  }

  named(name: string): { id: number; state: string; kind: string; thing: number } | undefined {
    for (const [id, row] of this.byId) if (row.name === name) return { id, ...row }
    return undefined
  }
}
