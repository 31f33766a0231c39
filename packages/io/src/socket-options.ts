// What sockets are made and connected with, and the default time-out of those made later.
import type { LookupFunction } from 'node:net'
import type { WaitOptions } from '@greenhouse/scheduler'
import { checkDelay } from '@greenhouse/scheduler/kernel'
import type { TlsClientOptions } from './tls-options.ts'

/** How a socket connects. */
export interface ConnectOptions extends WaitOptions {
  /** 4 or 6 to use these addresses of a name only; both by default, whichever answers first. */
  readonly family?: 4 | 6 | undefined
  /** How long one address is tried before the next one is as well, in milliseconds, at least 10; Node's default (250). */
  readonly attemptMs?: number | undefined
  /** Where to connect from: an address of this machine. */
  readonly localHost?: string | undefined
  /** The port to connect from; the system's choice by default. */
  readonly localPort?: number | undefined
  /** Whether small messages go out at once; true by default, as nobody waits for more to send here. */
  readonly noDelay?: boolean | undefined
  /** Whether the system probes an idle peer, and after how many milliseconds; false by default. */
  readonly keepAlive?: boolean | number | undefined
  /** How names are looked up; as `resolveName` does by default. */
  readonly lookup?: LookupFunction | undefined
  /** Speaks TLS from the start: true, or how. The wait then includes the handshake. */
  readonly tls?: boolean | TlsClientOptions | undefined
}

let defaultMs = Infinity

/**
 * Sets the default time-out of the sockets that are made from now on.
 *
 * @param ms - Milliseconds of at least 0; Infinity, as it is at first, for none.
 * @throws {GH_INVALID_ARGUMENT} for anything else.
 *
 * Source: greenhouse/io/sockets.py, socket.setdefaulttimeout
 */
export function setDefaultTimeout(ms: number): void {
  checkDelay('ms', ms)
  defaultMs = ms
}

/** The default time-out of the sockets that are made from now on, in milliseconds; Infinity for none. */
export function getDefaultTimeout(): number {
  return defaultMs
}
