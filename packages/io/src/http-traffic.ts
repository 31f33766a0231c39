// What goes on at an HTTP server: its connections, and the requests that are answered or wait for their turn.
//
//   request --> waiting (FIFO, while `concurrency` are active) --> active --> over
//                   \------------ the client goes away ------------/
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { getCurrent } from '@greenhouse/scheduler'
import { Exchange, type AnyHandler, type Host } from './http-exchange.ts'

export class Traffic implements Host {
  readonly handler: AnyHandler
  readonly concurrency: number
  /** Each connection, with what was asked on it and is not over. */
  readonly connections: Map<Socket, Set<Exchange>> = new Map()
  readonly waiting: Set<Exchange> = new Set()
  readonly active: Set<Exchange> = new Set()
  served = 0
  failed = 0
  broken = 0
  /** No connection outlives its last answer. */
  draining = false
  /** Called, while it drains, whenever something is over. */
  private readonly onLess: () => void
  /** Requests whose handlers wait for the end of the traffic themselves. */
  private readonly exempt: Set<Exchange> = new Set()

  constructor(handler: AnyHandler, concurrency: number, onLess: () => void) {
    this.handler = handler
    this.concurrency = concurrency
    this.onLess = onLess
  }

  /** Whether nothing goes on any more, but for handlers that wait for this. */
  get quiet(): boolean {
    if (this.active.size > this.exempt.size || this.waiting.size > 0) return false
    for (const exchanges of this.connections.values()) {
      if (exchanges.size === 0 || !isSubset(exchanges, this.exempt)) return false
    }
    return true
  }

  greet(connection: Socket): Set<Exchange> {
    const exchanges = new Set<Exchange>()
    this.connections.set(connection, exchanges)
    connection.once('close', () => this.lose(connection, exchanges))
    if (this.draining) connection.destroy()
    return exchanges
  }

  ask(request: IncomingMessage, response: ServerResponse): void {
    const exchanges = this.connections.get(request.socket) ?? this.greet(request.socket)
    if (this.draining) response.shouldKeepAlive = false
    const exchange = new Exchange(this, request, response)
    exchanges.add(exchange)
    if (this.active.size < this.concurrency) this.begin(exchange)
    else this.waiting.add(exchange)
  }

  exchangeOver(exchange: Exchange, failed: boolean): void {
    const { connection } = exchange
    this.waiting.delete(exchange)
    this.exempt.delete(exchange)
    if (failed) this.failed++
    if (exchange.response.writableEnded) this.served++
    const exchanges = this.connections.get(connection)
    exchanges?.delete(exchange)
    if (this.active.delete(exchange)) this.beginNext()
    if (!this.draining) return
    if (exchanges?.size === 0) closeAfter(exchange.response, connection)
    this.onLess()
  }

  /** Closes what is idle now, and the rest as it becomes so. */
  drain(): void {
    this.draining = true
    for (const [connection, exchanges] of this.connections) {
      if (exchanges.size === 0) connection.destroy()
      for (const { response } of exchanges) {
        if (!response.headersSent) response.shouldKeepAlive = false
      }
    }
  }

  /** Notes that the caller, where it is a handler, waits for the end of the traffic. */
  exemptCaller(): void {
    const greenlet = getCurrent()
    for (const exchange of this.active)
      if (exchange.greenlet === greenlet) this.exempt.add(exchange)
  }

  /** Cuts all connections, and ends who answers. */
  cut(): void {
    for (const exchange of [...this.waiting, ...this.active]) exchange.cancel()
    for (const connection of this.connections.keys()) connection.destroy()
  }

  private lose(connection: Socket, exchanges: Set<Exchange>): void {
    this.connections.delete(connection)
    for (const exchange of [...exchanges]) if (exchange.clientGone()) this.broken++
    if (this.draining) this.onLess()
  }

  private begin(exchange: Exchange): void {
    this.active.add(exchange)
    exchange.begin()
  }

  private beginNext(): void {
    for (const exchange of this.waiting) {
      this.waiting.delete(exchange)
      return this.begin(exchange)
    }
  }
}

function isSubset<T>(part: Set<T>, whole: Set<T>): boolean {
  for (const each of part) if (!whole.has(each)) return false
  return true
}

/** Closes a connection when its last response is out, if Node does not. */
function closeAfter(response: ServerResponse, connection: Socket): void {
  if (response.writableFinished || response.destroyed) connection.destroySoon()
  else response.once('finish', () => connection.destroySoon())
}
