// How an open stream begins to speak TLS. The handshake is Node's; a server's runs through a `tls.Server` that never listens,
// one for each options object, since only that checks clients, keeps sessions and picks certificates by name.
import { isIP, Socket as NodeSocket } from 'node:net'
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
    below.once('close', () => this.pending.delete(below))
    this.server.emit('connection', below)
  }

  ended(stream: TLSSocket, error: Error | null): void {
    const below = belowOf(stream)
    const done = this.pending.get(below)
    this.pending.delete(below)
    if (done === undefined) stream.destroy()
    else if (error !== null) done(error)
    else done(null, stream)
  }
}

const sides = new WeakMap<object, ServerSide>()

function serverOf(options: TlsServerOptions): ServerSide {
  let side = sides.get(options)
  if (side === undefined) sides.set(options, (side = new ServerSide(options)))
  return side
}

/** The stream below: Node's own field, the same since Node 0.12; behind its adapter where the stream is no socket. */
function belowOf(stream: TLSSocket): unknown {
  const parent = (stream as { _parent?: unknown })._parent
  const adapted = (parent as { stream?: unknown } | undefined)?.stream
  return parent instanceof NodeSocket && adapted !== undefined ? adapted : parent
}
