// One request of an HTTP server, and the greenlet that answers it. Whatever the handler does, the response ends when the
// greenlet does: nobody is left waiting for an answer that will not come.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  end,
  greenlet,
  handleException,
  schedule,
  type Greenlet,
  type GreenhouseError,
  type Steps,
} from '@greenhouse/scheduler'

export type AnyHandler = (request: IncomingMessage, response: ServerResponse) => unknown

/** The server, as its exchanges see it. */
export interface Host {
  readonly handler: AnyHandler
  /** An exchange is through with its greenlet. `failed` when the handler threw. */
  exchangeOver(exchange: Exchange, failed: boolean): void
}

export class Exchange {
  readonly host: Host
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly connection: Socket
  /** Made at once, so that it has the async context of its request, although it may be started by the end of another. */
  readonly greenlet: Greenlet
  over = false

  constructor(host: Host, request: IncomingMessage, response: ServerResponse) {
    this.host = host
    this.request = request
    this.response = response
    this.connection = request.socket
    this.greenlet = greenlet(bodyOf(host.handler), {
      args: [this],
      name: `${request.method} ${request.url}`,
    })
    response.on('error', (error) => handleException(error, this.greenlet))
  }

  begin(): void {
    schedule(this.greenlet)
  }

  /** The client has gone: what it asked for is no longer wanted, unless its answer is complete. */
  clientGone(): boolean {
    if (this.over || this.response.writableEnded) return false
    this.cancel()
    return true
  }

  cancel(): void {
    const { started } = this
    end(this.greenlet)
    // A greenlet that has not begun has nothing to clean up, and does not run any more.
    if (!started) this.close(false)
  }

  get started(): boolean {
    return this.greenlet.state !== 'initial'
  }

  /** The handler has returned. */
  returned(): void {
    const { response } = this
    if (!response.writableEnded && !response.destroyed) response.end()
    this.close(false)
  }

  /** The handler has thrown: the client hears of it, and never sees a part as the whole. */
  threw(error: unknown): void {
    const { response } = this
    if (!response.headersSent && !response.destroyed) {
      for (const name of response.getHeaderNames()) response.removeHeader(name)
      response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error\n')
    } else if (!response.writableEnded) response.destroy()
    this.close((error as GreenhouseError | undefined)?.code !== 'GH_EXIT')
  }

  private close(failed: boolean): void {
    this.over = true
    this.host.exchangeOver(this, failed)
  }
}

const generatorFunction: unknown = Object.getPrototypeOf(function* () {})

/** The body of a greenlet that runs a handler of this kind. Generators that do not look like it are found by what they give. */
function bodyOf(handler: AnyHandler): (exchange: Exchange) => Steps<void> {
  return Object.getPrototypeOf(handler) === generatorFunction
    ? stepThrough
    : (startAny as (exchange: Exchange) => Steps<void>)
}

function startAny(exchange: Exchange): unknown {
  let given: unknown
  try {
    given = exchange.host.handler(exchange.request, exchange.response)
  } catch (error) {
    exchange.threw(error)
    throw error
  }
  if (isSteps(given)) return follow(exchange, given)
  if (isThenable(given)) return settle(exchange, given)
  return exchange.returned()
}

function* stepThrough(exchange: Exchange): Steps<void> {
  const { handler } = exchange.host
  yield* follow(exchange, handler(exchange.request, exchange.response) as Steps<unknown>)
}

function* follow(exchange: Exchange, steps: Steps<unknown>): Steps<void> {
  try {
    yield* steps
  } catch (error) {
    exchange.threw(error)
    throw error
  }
  exchange.returned()
}

async function settle(exchange: Exchange, given: PromiseLike<unknown>): Promise<void> {
  try {
    await given
  } catch (error) {
    exchange.threw(error)
    throw error
  }
  exchange.returned()
}

function isSteps(value: unknown): value is Steps<unknown> {
  const it = value as Partial<Steps<unknown>> | null | undefined
  return typeof it === 'object' && typeof it?.next === 'function' && typeof it.throw === 'function'
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}
