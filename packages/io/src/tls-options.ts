// What TLS is spoken with. The names are those of `node:tls`, so that what is known of it holds.
import type { ConnectionOptions, SecureContextOptions, TlsOptions } from 'node:tls'

/** What both sides may say. */
export interface TlsCommonOptions {
  /** The protocols offered with ALPN, best first. */
  readonly ALPNProtocols?: readonly string[] | undefined
  /**
   * Whether a peer that hangs up without saying goodbye counts as the end of the stream; true by default. False tells a
   * stream that was cut short (`recv` fails with `GH_EOF`) from one that ended, at some cost in speed.
   */
  readonly suppressRaggedEofs?: boolean | undefined
}

/** How a client speaks TLS; everything that `tls.connect` takes which is not about the connection itself. */
export type TlsClientOptions = TlsCommonOptions &
  SecureContextOptions &
  Pick<
    ConnectionOptions,
    | 'checkServerIdentity'
    | 'minDHSize'
    | 'pskCallback'
    | 'rejectUnauthorized'
    | 'secureContext'
    | 'servername'
    | 'session'
  >

/** How a server speaks TLS; everything that `tls.createServer` takes which is not about the connection itself. */
export type TlsServerOptions = TlsCommonOptions &
  SecureContextOptions &
  Pick<
    TlsOptions,
    | 'pskCallback'
    | 'pskIdentityHint'
    | 'rejectUnauthorized'
    | 'requestCert'
    | 'SNICallback'
    | 'sessionTimeout'
    | 'ticketKeys'
  > & {
    /** How long a handshake may take that nobody waits for with a time-out of his own; 30,000 ms by default. */
    readonly handshakeTimeoutMs?: number | undefined
  }

/** What `startTls` takes: the side is the client's unless `isServer` is true. */
export type StartTlsOptions =
  | (TlsClientOptions & { readonly isServer?: false | undefined })
  | (TlsServerOptions & { readonly isServer: true })
