// The part of a datagram socket that talks to node:dgram, in callbacks. Everything under way is known here, so that closing
// the socket ends it at once.
import { createSocket, type Socket as Dgram } from 'node:dgram'
import { isIP, isIPv4 } from 'node:net'
import { GreenhouseError, type Blocking, type WaitOptions } from '@greenhouse/scheduler'
import { call, type Done } from './core/call.ts'
import type { DatagramAddress } from './datagram-inbox.ts'
import { resolveName } from './resolve-name.ts'
import { closedError } from './socket-errors.ts'

export interface PortOptions {
  readonly family: 4 | 6
  readonly reuseAddress: boolean
  readonly ipv6Only: boolean
  readonly receiveBufferBytes: number | undefined
  readonly sendBufferBytes: number | undefined
}

/** One call under way: whether somebody still waits for it, and how to stop the step that it is at. */
export interface Flight {
  alive: boolean
  stop: (() => void) | undefined
}

const UNBOUND = 0
const BINDING = 1
const BOUND = 2

export class DatagramPort {
  readonly dgram: Dgram
  readonly family: 4 | 6
  readonly mapped: boolean
  closed = false
  connected = false
  sent = 0
  sentBytes = 0
  private state: typeof UNBOUND | typeof BINDING | typeof BOUND = UNBOUND
  private readonly underWay: Set<Done<never>> = new Set()
  private readonly forBound: Done<undefined>[] = []

  constructor(
    options: PortOptions,
    onData: (data: Buffer, host: string, port: number) => void,
    onError: (error: unknown) => void,
  ) {
    const { family, ipv6Only, reuseAddress, receiveBufferBytes, sendBufferBytes } = options
    this.family = family
    this.mapped = family === 6 && !ipv6Only
    this.dgram = createSocket({
      type: `udp${family}`,
      reuseAddr: reuseAddress,
      ipv6Only,
      ...(receiveBufferBytes !== undefined && { recvBufferSize: receiveBufferBytes }),
      ...(sendBufferBytes !== undefined && { sendBufferSize: sendBufferBytes }),
    })
    this.dgram.on('message', (data, { address, port }) => onData(data, address, port))
    this.dgram.on('listening', () => this.bindOver(undefined))
    this.dgram.on('error', (error) =>
      this.state === BINDING ? this.bindOver(error) : onError(error),
    )
  }

  get bound(): boolean {
    return this.state === BOUND
  }

  get binding(): boolean {
    return this.state === BINDING
  }

  demandBound(): Dgram {
    if (this.closed) throw closedError(WHAT)
    if (this.state === BOUND) return this.dgram
    throw new GreenhouseError('GH_INVALID_STATE', 'The datagram socket is not bound yet')
  }

  /** Runs steps in callbacks as one blocking operation, which closing the socket fails. */
  run<T>(
    kind: string,
    options: WaitOptions | undefined,
    steps: (done: Done<T>, flight: Flight) => void,
    onGivenUp?: () => void,
  ): Blocking<T> {
    return call<T>(kind, options, (done) => {
      const flight: Flight = { alive: true, stop: undefined }
      const end: Done<T> = (error, value) => {
        if (!this.land(end as Done<never>, flight)) return
        done(error, value)
      }
      this.underWay.add(end as Done<never>)
      try {
        steps(end, flight)
      } catch (error) {
        end(error)
      }
      return () => {
        if (this.land(end as Done<never>, flight)) onGivenUp?.()
      }
    })
  }

  /** Makes an IP address of a host that this socket can use, and goes on with it while somebody waits. */
  resolve<T>(host: string, flight: Flight, done: Done<T>, then: (ip: string) => void): void {
    const { family, mapped } = this
    const next = (ip: string): void => {
      if (!flight.alive) return
      try {
        then(ip)
      } catch (error) {
        done(error)
      }
    }
    if (isIP(host) === family) next(host)
    else if (mapped && isIPv4(host)) next(`::ffff:${host}`)
    else if (family === 4 && host === '::') next('0.0.0.0')
    else {
      const controller = new AbortController()
      flight.stop = () => controller.abort()
      const options = mapped ? {} : { family }
      resolveName(host, { ...options, signal: controller.signal }).then(
        (all) => next(all.find((ip) => isIP(ip) === family) ?? `::ffff:${all[0]!}`),
        done,
      )
    }
  }

  /** Binds to an IP address. A socket that is bound, or about to be, refuses. */
  bind(ip: string, port: number, exclusive: boolean, done: Done<undefined>): void {
    if (this.state !== UNBOUND) {
      return done(new GreenhouseError('GH_INVALID_STATE', 'The datagram socket is bound already'))
    }
    this.state = BINDING
    this.forBound.push(done)
    this.dgram.bind({ address: ip, port, exclusive })
  }

  /** Goes on once the socket is bound, if need be to a port that the system chooses. */
  whenBound(done: Done<undefined>): void {
    if (this.state === BOUND) done(undefined)
    else if (this.state === BINDING) this.forBound.push(done)
    else this.bind(this.family === 4 ? '0.0.0.0' : '::', 0, true, done)
  }

  send(data: Uint8Array, to: DatagramAddress | null, done: Done<number>): void {
    const sent = (error: Error | null): void => {
      if (error !== null) return done(error)
      this.sent++
      this.sentBytes += data.length
      done(null, data.length)
    }
    try {
      if (to === null || this.isRemote(to)) this.dgram.send(data, sent)
      else this.dgram.send(data, to.port, to.host, sent)
    } catch (error) {
      done(error)
    }
  }

  connect(ip: string, port: number, done: Done<undefined>): void {
    try {
      if (this.connected) this.disconnect()
      this.dgram.connect(port, ip, (error?: unknown) => {
        this.connected = error === undefined && !this.closed
        done(error)
      })
    } catch (error) {
      done(error)
    }
  }

  disconnect(): void {
    this.connected = false
    this.dgram.disconnect()
  }

  close(): void {
    this.closed = true
    this.connected = false
    this.dgram.close()
    for (const end of [...this.underWay]) end(closedError(WHAT))
    this.forBound.length = 0
  }

  private land(end: Done<never>, flight: Flight): boolean {
    if (!this.underWay.delete(end)) return false
    flight.alive = false
    flight.stop?.()
    return true
  }

  /** To a connected socket, the system takes no address. */
  private isRemote({ host, port }: DatagramAddress): boolean {
    if (!this.connected) return false
    const remote = this.dgram.remoteAddress()
    return remote.port === port && remote.address === host
  }

  private bindOver(error: unknown): void {
    this.state = error === undefined ? BOUND : UNBOUND
    for (const done of this.forBound.splice(0)) done(error)
  }
}

export const WHAT = 'datagram socket'
