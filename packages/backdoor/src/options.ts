// What a backdoor may be told.
import type { TlsServerOptions } from '@greenhouse/io'
import {
  checkCount,
  checkDelay,
  checkFunction,
  checkOptions,
  wrongType,
} from '@greenhouse/scheduler/kernel'
import type { Permission } from './security/permissions.ts'
import type { TokenAuth } from './security/token.ts'

/** How one session is held. */
export interface BackdoorSessionOptions {
  /** How clients authenticate; without it everybody who can connect is let in. */
  readonly auth?: TokenAuth | undefined
  /**
   * What clients may do, everything by default. `['inspect']` evaluates nothing and changes nothing.
   */
  readonly allow?: readonly Permission[] | undefined
  /** What is said first; the process and its version of Node by default. */
  readonly banner?: string | undefined
  /** How long a client has to authenticate, in milliseconds; 10,000 by default. */
  readonly authTimeoutMs?: number | undefined
  /** The longest line, and expression of several lines, in characters, at least 80; 65,536 by default. */
  readonly maxLineLength?: number | undefined
  /** How much may be on its way to a client that does not read before it is cut off, in bytes; 1 MiB by default. */
  readonly maxQueuedBytes?: number | undefined
}

/** How a backdoor is held open. */
export interface BackdoorOptions extends BackdoorSessionOptions {
  /** What sessions find as variables: each gets a copy of its own, with the same values. */
  readonly namespace?: object | undefined
  /** Speaks TLS. */
  readonly tls?: TlsServerOptions | undefined
  /** Listens on the network although whoever can read the wire reads everything, the token too; false by default. */
  readonly unsafeAllowRemoteWithoutTls?: boolean | undefined
  /** Listens on the network although whoever can reach it may do everything; false by default. */
  readonly unsafeAllowRemoteWithoutAuth?: boolean | undefined
  /** How many sessions there may be at a time, at least 1; 16 by default. */
  readonly maxSessions?: number | undefined
  /**
   * How many connections may be in the middle of authenticating, at least 1; 64 by default. One more closes the oldest, so that
   * nobody is kept out by those who never finish.
   */
  readonly maxPending?: number | undefined
  /** Whether it keeps the process alive; by default only when it is called outside greenlets. */
  readonly keepAlive?: boolean | undefined
  /**
   * Whether a thread of its own answers, beside the address (`PATH.stuck`, or the next port), what holds the event loop while
   * it is held; true by default. It reads, and changes nothing.
   */
  readonly stuckLine?: boolean | undefined
  /** Called with the address, once it listens. */
  readonly onListening?:
    | ((backdoor: { readonly address: string; readonly stuckAddress: string | null }) => void)
    | undefined
}

/** Throws on options that make no sense. */
export function checkSessionOptions(options: BackdoorSessionOptions): void {
  checkOptions('options', options)
  const { authTimeoutMs = 0, banner = '', maxLineLength = 80, maxQueuedBytes = 1 } = options
  checkDelay('options.authTimeoutMs', authTimeoutMs)
  checkCount('options.maxLineLength', maxLineLength, 80)
  checkCount('options.maxQueuedBytes', maxQueuedBytes, 1)
  if (typeof banner !== 'string') wrongType('options.banner', 'a string', banner)
}

/** Throws on options that make no sense. */
export function checkBackdoorOptions(options: BackdoorOptions): void {
  checkSessionOptions(options)
  const { namespace = {}, maxSessions = 1, maxPending = 1, onListening } = options
  if (typeof namespace !== 'object' || namespace === null) {
    wrongType('options.namespace', 'an object', namespace)
  }
  checkCount('options.maxSessions', maxSessions, 1)
  checkCount('options.maxPending', maxPending, 1)
  if (onListening !== undefined) checkFunction('options.onListening', onListening)
}
