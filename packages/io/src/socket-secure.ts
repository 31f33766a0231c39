// The TLS of a Socket. While the handshake runs, reads and sends wait for it; when it fails, they fail with its error.
import type {
  DetailedPeerCertificate,
  CipherNameAndProtocol,
  PeerCertificate,
  TLSSocket,
} from 'node:tls'
import type { Duplex } from 'node:stream'
import { GreenhouseError, type Blocking, type WaitOptions } from '@greenhouse/scheduler'
import { checkOptions, complete, fail, refuse, type Operation } from '@greenhouse/scheduler/kernel'
import { OutsideList } from './core/outside.ts'
import { adopt, disown } from './socket-adopt.ts'
import { unsupported } from './socket-errors.ts'
import { OPEN, SocketStream } from './socket-stream.ts'
import { Wire } from './socket-wire.ts'
import type { StartTlsOptions } from './tls-options.ts'
import { startHandshake, type Secured } from './tls-start.ts'

export abstract class SecureStream extends SocketStream {
  /** @internal */
  tls: TlsState | null = null
  /** @internal The host that it was connected to: whose certificate is expected. */
  host: string | undefined = undefined

  /** Whether it speaks TLS, or is about to. */
  get encrypted(): boolean {
    return this.tls !== null
  }

  /** Whether the peer's certificate was checked and found good. */
  get authorized(): boolean {
    return this.tls?.stream?.authorized === true
  }

  /** Why the peer's certificate is not good, where that was checked and let pass; undefined otherwise. */
  get authorizationError(): Error | string | undefined {
    return this.tls?.stream?.authorizationError ?? undefined
  }

  /** The cipher and the TLS version agreed on; undefined without TLS. Source: greenhouse/io/ssl.py SSLSocket.cipher */
  get cipher(): CipherNameAndProtocol | undefined {
    return this.tls?.stream?.getCipher()
  }

  /** The protocol agreed on with ALPN; undefined where there is none. */
  get alpnProtocol(): string | undefined {
    return this.tls?.stream?.alpnProtocol || undefined
  }

  /** The server name that the client asked for with SNI; undefined where there is none. */
  get serverName(): string | undefined {
    const { servername } = (this.tls?.stream ?? {}) as { servername?: string | false | null }
    return servername || undefined
  }

  /** The session, to be resumed with `tls: { session }`: undefined without TLS. With TLS 1.3 it comes some time after the handshake. */
  get session(): Buffer | undefined {
    const { tls } = this
    return tls === null || tls.awaitsTicket ? undefined : (tls.session ?? tls.stream?.getSession())
  }

  /** Whether this is a session of before, resumed. */
  get sessionReused(): boolean {
    return this.tls?.stream?.isSessionReused() === true
  }

  /**
   * The certificate of the peer; undefined when it showed none.
   *
   * @param detailed - Whether to give the chain as well, in `issuerCertificate`.
   *
   * Source: greenhouse/io/ssl.py SSLSocket.getpeercert
   */
  getPeerCert(detailed: true): DetailedPeerCertificate | undefined
  getPeerCert(detailed?: boolean): PeerCertificate | undefined
  getPeerCert(detailed: boolean = false): PeerCertificate | undefined {
    const certificate = this.tls?.stream?.getPeerCertificate(detailed)
    return certificate === undefined || Object.keys(certificate).length === 0
      ? undefined
      : certificate
  }

  /**
   * Begins to speak TLS on an open socket, and waits for the handshake. Bytes that have come and were not taken belong to it.
   *
   * Cancelled or timed out, the socket is closed; when it fails, the connection is gone.
   *
   * @param options - `timeoutMs`, `signal`, `isServer`, and what `node:tls` takes. A server best passes the same object each
   *   time: its certificates are then read once, and its clients can resume their sessions.
   * @returns nothing.
   * @throws {GH_TIMEOUT}, {GH_CLOSED}, {GH_INVALID_ARGUMENT}, {GH_INVALID_STATE} when somebody reads or sends, or it speaks TLS
   *   already; the signal's reason, Node's own errors (CERT_HAS_EXPIRED, ECONNRESET), ENOTCONN.
   *
   * Source: greenhouse/io/ssl.py wrap_socket, SSLSocket. Differs: in place.
   */
  startTls(options: StartTlsOptions & WaitOptions = {}): Blocking<void> {
    checkOptions('options', options)
    const refused = refuse(options)
    if (refused !== null) return refused
    const error = this.unusable('startTls') ?? this.tlsHindrance()
    if (error !== null) return fail(error)
    this.beginTls(options)
    return this.handshake(options)
  }

  /**
   * Waits until the handshake is through; that of an accepted connection goes on by itself.
   *
   * Cancelled or timed out, the socket is closed.
   *
   * @param options - `timeoutMs`, `signal`.
   * @returns nothing; at once without TLS.
   * @throws as `startTls`.
   *
   * Source: greenhouse/io/ssl.py SSLSocket.do_handshake
   */
  handshake(options?: WaitOptions): Blocking<void> {
    const refused = refuse(options)
    if (refused !== null) return refused
    const error = this.unusable('handshake')
    if (error !== null) return fail(error)
    const { tls } = this
    if (tls === null || tls.stream !== null) return complete(undefined)
    if (tls.failure !== null) return fail(tls.failure)
    return tls.waiters.park<void>(undefined, this.limited(options))
  }

  /** @throws {GH_UNSUPPORTED} always: Node cannot go back from TLS to the plain stream. */
  unwrap(): never {
    throw unsupported('unwrap', 'Node cannot go back from TLS to the plain stream')
  }

  /** @internal Starts the handshake on whatever is below. */
  beginTls(options: StartTlsOptions, settled: (failure: Error | null) => void = ignore): void {
    const raw = this.raw!
    const tls = new TlsState(this, raw, options.isServer === true, settled)
    this.tls = tls
    const early = this.inbox.size > 0 ? this.inbox.takeExactly(this.inbox.size) : null
    releaseRaw(raw, early)
    raw.on('error', ignore)
    this.raw = null
    this.inbox.stopped = true
    // Sends stand in line until it is through.
    this.outbox.busy = true
    try {
      startHandshake(raw, options, this.host, (error, secured) => {
        if (this.tls !== tls || this.state !== OPEN) secured?.stream.destroy()
        else if (secured === undefined) tls.fail(error as Error)
        else tls.succeed(secured)
      })
    } catch (error) {
      tls.fail(error as Error)
    }
  }

  /** @internal */
  tlsHindrance(): Error | null {
    const { tls, inbox, outbox } = this
    if (tls !== null) return invalidState('The socket speaks TLS already')
    if (inbox.readers !== null && inbox.readers.first !== null)
      return invalidState('A greenlet reads from the socket')
    return outbox.waits || outbox.finished
      ? invalidState('The socket is sending, or has sent its end')
      : null
  }

  /** @internal The end of a stream that speaks TLS: with the peer's goodbye, or without. */
  override endCame(): void {
    if (this.tls?.bridge?.cut !== true) return super.endCame()
    this.inbox.end(
      new GreenhouseError('GH_EOF', 'The stream was cut short: the peer hung up without a goodbye'),
    )
    this.changed()
  }

  /** Closes the socket. */
  abstract close(): void
}

export class TlsState {
  readonly socket: SecureStream
  /** What is below. */
  readonly raw: Duplex
  readonly waiters: HandshakeWaiters
  stream: TLSSocket | null = null
  bridge: Secured['bridge'] = null
  session: Buffer | undefined = undefined
  failure: Error | null = null

  /** Whether the peer is about to send the tickets of TLS 1.3: a close before they have come would look like a reset. */
  awaitsTicket = false
  /** Called when it is through or has failed. */
  readonly settled: (failure: Error | null) => void

  readonly isServer: boolean

  constructor(
    socket: SecureStream,
    raw: Duplex,
    isServer: boolean,
    settled: (failure: Error | null) => void,
  ) {
    this.socket = socket
    this.raw = raw
    this.isServer = isServer
    this.settled = settled
    this.waiters = new HandshakeWaiters(socket)
  }

  succeed({ stream, bridge }: Secured): void {
    const { socket } = this
    this.stream = stream
    this.bridge = bridge
    this.awaitsTicket =
      !this.isServer && stream.getProtocol() === 'TLSv1.3' && !stream.isSessionReused()
    stream.on('session', (session: Buffer) => {
      this.session = session
      this.awaitsTicket = false
    })
    adopt(socket, stream)
    if (this.awaitsTicket || !socket.blocks || socket.watchers !== null) socket.inbox.readAhead()
    if (socket.inbox.readers !== null && socket.inbox.readers.first !== null) {
      socket.inbox.stopped = false
      socket.readMore()
    }
    socket.outbox.done()
    this.waiters.wakeAll()
    this.settled(null)
  }

  fail(error: Error): void {
    const { socket } = this
    this.failure = error
    socket.inbox.end(error)
    socket.outbox.fail(error)
    this.raw.destroy()
    this.waiters.failWith(error)
    this.settled(error)
  }
}

/** Who waits for the handshake. Whoever is cancelled closes the socket. */
class HandshakeWaiters extends OutsideList<void> {
  readonly socket: SecureStream
  ending = false

  constructor(socket: SecureStream) {
    super('Socket.handshake')
    this.socket = socket
  }

  override wakeAll(): void {
    this.ending = true
    super.wakeAll(undefined)
  }

  failWith(error: unknown): void {
    this.ending = true
    this.failAll(() => error)
  }

  override withdraw(operation: Operation): void {
    super.withdraw(operation)
    if (!this.ending) this.socket.close()
  }
}

/** Gives a stream its own ways back, and bytes that were read from it too early. */
export function releaseRaw(raw: Duplex, early: Buffer | null): void {
  if (raw instanceof Wire) raw.owner = null
  else disown(raw)
  if (early !== null) raw.unshift(early)
}

const LINGER_MS = 1000

/**
 * Closes the stream of a client once the server's ticket has come, which is due after the handshake. The system answers what
 * comes for a closed socket with a reset, and a reset makes the server lose what it has not read yet.
 */
export function lingerForTicket(raw: Duplex): void {
  const stream = raw as TLSSocket
  const over = () => stream.destroy()
  disown(stream)
  stream.on('error', ignore)
  for (const event of ['session', 'data', 'end'] as const) stream.once(event, over)
  stream.setTimeout(LINGER_MS, over)
  stream.unref()
}

function ignore(): void {}

function invalidState(message: string): GreenhouseError {
  return new GreenhouseError('GH_INVALID_STATE', message)
}
