// HTTP servers whose handlers block: node:http does the protocol, each request has a greenlet of its own.
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type ServerOptions as TlsServerOptions,
} from 'node:https'
import type { Socket } from 'node:net'
import {
  GreenhouseError,
  type Blocking,
  type Plain,
  type Steps,
  type WaitOptions,
} from '@greenhouse/scheduler'
import {
  checkCount,
  checkFunction,
  checkOptions,
  complete,
  fail,
  inspectable,
  refuse,
  resume,
  wrongType,
  type Operation,
} from '@greenhouse/scheduler/kernel'
import { parseAddress, type Address, type AddressLike } from './address.ts'
import { call } from './core/call.ts'
import { OutsideList } from './core/outside.ts'
import { Traffic } from './http-traffic.ts'

/**
 * Answers one request; it blocks as it likes, and only its own greenlet waits.
 *
 * The response is ended when it returns. What it throws is answered by a 500 where no header is out yet (else the connection
 * is cut), and goes to the exception handlers. When the client goes away before the response is complete, the greenlet is
 * ended, at its current wait or its next.
 */
export type HttpHandler = (
  request: IncomingMessage,
  response: ServerResponse,
) => Steps<unknown> | PromiseLike<unknown> | Plain

/** How HTTP is served. */
export interface ServeHttpOptions {
  /** A server of node:http or node:https to take the requests of; one is made by default. */
  readonly server?: Server | TlsServer | undefined
  /** Makes it an HTTPS server: the options of `https.createServer`. */
  readonly tls?: TlsServerOptions | undefined
  /** The options of `http.createServer`: its time-outs, limits and so on. */
  readonly http?: ServerOptions | undefined
  /** How many requests are answered at once, at least 1; no limit by default. Others wait their turn, unread. */
  readonly concurrency?: number | undefined
  /** How many connections the system lets wait to be accepted; 511 by default. */
  readonly backlog?: number | undefined
  /** Shown in dumps. */
  readonly name?: string | undefined
}

/** How things stand with an HTTP server. */
export interface HttpStatistics {
  readonly listening: boolean
  /** Connections that are open. */
  readonly connections: number
  /** Requests that are being answered. */
  readonly active: number
  /** Requests that wait for their turn. */
  readonly waiting: number
  /** Requests that have been answered, whatever with. */
  readonly served: number
  /** Handlers that threw. */
  readonly failed: number
  /** Requests whose client went away before the response was complete. */
  readonly broken: number
}

/**
 * Makes an HTTP server that runs a greenlet for each request.
 *
 * @param handler - Gets Node's own request and response; async, generator or plain.
 * @param options - `server`, `tls`, `http`, `concurrency`, `backlog`, `name`.
 * @returns the server; `start` makes it listen. One that was given and listens already is served at once.
 * @throws {GH_INVALID_ARGUMENT} for a bad handler or options.
 * @example
 * ```ts
 * import { pauseFor } from '@greenhouse/scheduler'
 * import { serveHttp } from '@greenhouse/io'
 *
 * const server = serveHttp(async (request, response) => {
 *   await pauseFor(1)
 *   response.end(`You asked for ${request.url}`)
 * })
 * const { port } = await server.start('127.0.0.1:0')
 * const answer = await fetch(`http://127.0.0.1:${port}/tea`)
 * console.log(await answer.text()) // => You asked for /tea
 * await server.stop()
 * ```
 */
export function serveHttp(handler: HttpHandler, options: ServeHttpOptions = {}): HttpServer {
  checkFunction('handler', handler)
  checkOptions('options', options)
  const { server, tls, http, concurrency = Infinity, backlog, name } = options
  checkCount('options.concurrency', concurrency, 1)
  if (backlog !== undefined) checkCount('options.backlog', backlog, 1)
  if (name !== undefined && typeof name !== 'string') wrongType('options.name', 'a string', name)
  checkOptions('options.tls', tls)
  checkOptions('options.http', http)
  if (server === undefined) {
    const made = tls ? createTlsServer({ ...http, ...tls }) : createServer(http ?? {})
    return new HttpServer(handler, made, concurrency, backlog, name)
  }
  if (typeof server?.closeIdleConnections !== 'function')
    wrongType('options.server', 'a server of node:http or node:https', server)
  if (tls !== undefined || http !== undefined)
    wrongType('options.server', 'absent where `tls` or `http` says how to make one', server)
  return new HttpServer(handler, server, concurrency, backlog, name)
}

/** An HTTP server whose handlers block; made by `serveHttp`. */
export class HttpServer {
  /** Node's own server, for whatever is not said here. */
  readonly server: Server | TlsServer
  /** The name given, for dumps. */
  readonly name: string | undefined
  /** @internal */
  readonly backlog: number | undefined
  /** @internal */
  readonly traffic: Traffic
  /** @internal */
  readonly stoppers: OutsideList<boolean>
  /** Whose time is up, and who wait for the connections that were cut to be closed. @internal */
  cutOff: Operation[] = []
  /** @internal */
  starting = false
  /** @internal */
  forced = false

  /** @internal */
  constructor(
    handler: HttpHandler,
    server: Server | TlsServer,
    concurrency: number,
    backlog: number | undefined,
    name: string | undefined,
  ) {
    this.server = server
    this.backlog = backlog
    this.name = name
    this.traffic = new Traffic(handler, concurrency, () => this.wakeWhenOver())
    this.stoppers = new OutsideList<boolean>('HttpServer.stop', null, this)
    const secure = 'setSecureContext' in server
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.traffic.greet(socket)
    })
    server.on('request', (request, response) => this.traffic.ask(request, response))
    inspectable('HttpServer', this)
  }

  /** Where it listens; undefined while it does not. */
  get address(): Address | undefined {
    const address = this.server.listening ? this.server.address() : null
    if (address === null) return undefined
    if (typeof address === 'string') return { path: address }
    return { host: address.address, port: address.port }
  }

  /**
   * Listens at an address.
   *
   * Cancelled or timed out, it does not listen. A server that was stopped can be started again.
   *
   * @param address - As for `parseAddress`; port 0 lets the system choose.
   * @param options - `timeoutMs`, `signal`.
   * @returns the address that it has got.
   * @throws {GH_INVALID_STATE} when it listens or is being stopped; {GH_TIMEOUT}; Node's own (`EADDRINUSE`, …).
   */
  start(address: AddressLike, options?: WaitOptions): Blocking<Address> {
    const where = parseAddress(address)
    const refused = refuse(options)
    if (refused !== null) return refused
    const { server, traffic } = this
    if (server.listening || this.starting || (traffic.draining && !this.isOver)) return fail(busy())
    return call<Address>('HttpServer.start', options, (done) => {
      this.starting = true
      this.forced = traffic.draining = false
      const over = (error?: Error): void => {
        server.off('listening', over).off('error', over)
        this.starting = false
        if (error === undefined) done(null, this.address!)
        else done(error)
      }
      server.once('listening', over).once('error', over)
      server.listen({ ...where, ...(this.backlog !== undefined && { backlog: this.backlog }) })
      return () => {
        server.off('listening', over).off('error', over)
        this.starting = false
        server.close()
      }
    })
  }

  /**
   * Stops listening, closes the connections on which nothing is asked, and waits until all requests are answered.
   *
   * When the time is up, the greenlets that still answer are ended and all connections are cut. Cancelled or aborted, it
   * stops waiting; the server drains on. Called by a handler, it does not wait for that one, whose answer is to come.
   *
   * @param options - `timeoutMs`: how long to wait for the answers, in milliseconds, 5000 by default; `signal`.
   * @returns true when everything was answered, false when it was cut off.
   * @throws the signal's reason.
   */
  stop(options: WaitOptions = {}): Blocking<boolean> {
    const refused = refuse(options)
    if (refused !== null) return refused
    const { server, traffic } = this
    if (!traffic.draining) {
      if (server.listening) server.close()
      traffic.drain()
    }
    traffic.exemptCaller()
    if (this.isOver) return complete(!this.forced)
    const { timeoutMs = 5000, signal } = options
    return this.stoppers.park<boolean>(undefined, { timeoutMs, signal }, (operation) =>
      this.force(operation),
    )
  }

  /** How things stand. */
  statistics(): HttpStatistics {
    const { connections, active, waiting, served, failed, broken } = this.traffic
    return {
      listening: this.server.listening,
      connections: connections.size,
      active: active.size,
      waiting: waiting.size,
      served,
      failed,
      broken,
    }
  }

  /** @internal */
  get isOver(): boolean {
    return this.forced ? this.traffic.connections.size === 0 : this.traffic.quiet
  }

  /** @internal */
  force(operation: Operation): void {
    this.forced = true
    this.cutOff.push(operation)
    this.traffic.cut()
    this.server.closeAllConnections()
    this.wakeWhenOver()
  }

  /** @internal */
  wakeWhenOver(): void {
    if (!this.isOver) return
    for (const operation of this.cutOff.splice(0)) {
      // It may have been cancelled meanwhile.
      if (operation.parked) resume(operation, false)
    }
    this.stoppers.wakeAll(!this.forced)
  }
}

function busy(): GreenhouseError {
  return new GreenhouseError(
    'GH_INVALID_STATE',
    'The HTTP server listens already, or is being started or stopped',
  )
}
