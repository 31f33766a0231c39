// How an open stream begins to speak TLS. The handshake is Node's; a server's runs through a `tls.Server` that never listens,
// one for each options object, since only that checks clients, keeps sessions and picks certificates by name.
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  connect,
  createServer,
  type ConnectionOptions,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls'
import type { Done } from './core/call.ts'
import { systemError } from './socket-errors.ts'
import { TlsBridge } from './tls-bridge.ts'
import type { StartTlsOptions, TlsClientOptions, TlsServerOptions } from './tls-options.ts'

/** A stream that speaks TLS, with the bridge that watches how it ends where that was asked for. */
export interface Secured {
  readonly stream: TLSSocket
  readonly bridge: TlsBridge | null
}

/** Starts the handshake; `done` gets the stream above when it is through. `host` is the name that was connected to. */
export function startHandshake(
  raw: Duplex,
  options: StartTlsOptions,
  host: string | undefined,
  done: Done<Secured>,
): void {
  const bridge = options.suppressRaggedEofs === false ? new TlsBridge(raw) : null
  const below = bridge ?? raw
  // Node ends a handshake whose peer hangs up only on streams that are not half open.
  below.allowHalfOpen = false
  const finish: Done<TLSSocket> = (error, stream) => {
    if (stream === undefined) done(error)
    else done(null, { stream, bridge })
  }
  if (options.isServer === true) serverOf(options).start(below, finish)
  else startClient(below, options, host, finish)
}

function startClient(
  below: Duplex,
  options: TlsClientOptions,
  host: string | undefined,
  done: Done<TLSSocket>,
): void {
  const {
    suppressRaggedEofs: _,
    isServer: __,
    ...given
  } = options as ConnectionOptions & StartTlsOptions
  // Without a name Node would check the certificate against "localhost".
  const chosen = { ...given, socket: below } as ConnectionOptions
  if (host !== undefined) {
    chosen.host = host
    if (chosen.servername === undefined && isIP(host) === 0) chosen.servername = host
  }
  const stream = connect(chosen)
  const failed = (error: Error) => {
    stream.off('secureConnect', secured)
    done(error)
  }
  const secured = () => {
    stream.off('error', failed)
    done(null, stream)
  }
  stream.once('secureConnect', secured)
  stream.once('error', failed)
}

/** The server's side of one options object. */
class ServerSide {
  readonly server: Server
  /** Who waits for a handshake, by the stream below it. */
  readonly pending: Map<unknown, Done<TLSSocket>> = new Map()

  constructor(options: TlsServerOptions) {
    const { suppressRaggedEofs: _, handshakeTimeoutMs = 30_000, ...given } = options
    this.server = createServer({ ...given, handshakeTimeout: handshakeTimeoutMs } as TlsOptions)
    this.server.on('secureConnection', (stream) => this.ended(stream, null))
    this.server.on('tlsClientError', (error, stream) => this.ended(stream, error))
  }

  start(below: Duplex, done: Done<TLSSocket>): void {
    this.pending.set(below, done)
    // Node's own error, where there is one, comes right after this.
    below.once('close', () =>
      setImmediate(() => this.settle(below, systemError('ECONNRESET', 'read'), undefined)),
    )
    this.server.emit('connection', below)
  }

  ended(stream: TLSSocket, error: Error | null): void {
    if (!this.settle(belowOf(stream), error, stream)) stream.destroy()
  }

  /** Tells who waits for a handshake; gives false when nobody does. */
  settle(below: unknown, error: Error | null, stream: TLSSocket | undefined): boolean {
    const done = this.pending.get(below)
    if (done === undefined) return false
    this.pending.delete(below)
    if (error !== null) done(error)
    else done(null, stream)
    return true
  }
}

const sides = new WeakMap<object, ServerSide>()

function serverOf(options: TlsServerOptions): ServerSide {
  let side = sides.get(options)
  if (side === undefined) sides.set(options, (side = new ServerSide(options)))
  return side
}

/** The stream below, from Node's own fields: a socket itself, and what an adapter wraps where it is another stream. */
function belowOf(stream: TLSSocket): unknown {
  const { _parent, _handle } = stream as {
    _parent?: unknown
    _handle?: { _parentWrap?: { stream?: unknown } } | null
  }
  return _handle?._parentWrap?.stream ?? (_parent as { stream?: unknown })?.stream ?? _parent
}
