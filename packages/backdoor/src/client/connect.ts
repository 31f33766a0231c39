// The client's way in: connects to a backdoor, and shows its token where one is asked for.
import { connect, type AddressLike, type Socket, type TlsClientOptions } from '@greenhouse/io'
import {
  GreenhouseError,
  withTimeout,
  type Blocking,
  type Steps,
  type WaitOptions,
} from '@greenhouse/scheduler'
import { checkOptions, wrongType } from '@greenhouse/scheduler/kernel'

/** How to connect to a backdoor. */
export interface ConnectBackdoorOptions extends WaitOptions {
  /** The token, where the backdoor asks for one. */
  readonly token?: string | undefined
  /** Speaks TLS; true for the defaults. */
  readonly tls?: TlsClientOptions | true | undefined
}

const ASKS = 'Token: '

/**
 * Connects to a backdoor, and authenticates.
 *
 * Cancelled or timed out, nothing is left.
 *
 * @param address - As for `parseAddress`.
 * @param options - `token`, `tls`, `timeoutMs`, `signal`.
 * @returns the socket; the first that it receives is the banner.
 * @throws {GH_CLOSED} when the token is missing or refused; {GH_TIMEOUT}, the signal's reason, Node's own errors.
 * @example
 * ```ts no-run
 * import { connectBackdoor } from '@greenhouse/backdoor'
 *
 * const socket = await connectBackdoor('unix:/run/app/door')
 * await socket.sendAll(Buffer.from('.greenlets\n'))
 * ```
 */
export function connectBackdoor(
  address: AddressLike,
  options: ConnectBackdoorOptions = {},
): Blocking<Socket> {
  checkOptions('options', options)
  const { token, tls, ...waiting } = options
  if (token !== undefined && typeof token !== 'string') {
    wrongType('options.token', 'a string', typeof token)
  }
  return withTimeout(Infinity, () => knock(address, token, tls, waiting))
}

function* knock(
  address: AddressLike,
  token: string | undefined,
  tls: TlsClientOptions | true | undefined,
  waiting: WaitOptions,
): Steps<Socket> {
  const socket = yield* connect(address, { ...waiting, tls })
  let kept = false
  try {
    const first = yield* beginning(socket, waiting)
    if (!first.startsWith(ASKS)) {
      socket.unread(Buffer.from(first, 'latin1'))
      kept = true
      return socket
    }
    if (token === undefined) throw refused('The backdoor asks for a token')
    yield* socket.sendAll(Buffer.from(`${token}\n`), waiting)
    const answer =
      first.slice(ASKS.length) + (yield* socket.recv(undefined, waiting)).toString('latin1')
    if (/^$|^Wrong token|^Too many/.test(answer)) {
      throw refused(answer.split('\n')[0]! || 'The backdoor hung up')
    }
    socket.unread(Buffer.from(answer, 'latin1'))
    kept = true
    return socket
  } finally {
    if (!kept) socket.close()
  }
}

/** The first bytes, as many as tell whether a token is asked for. */
function* beginning(socket: Socket, waiting: WaitOptions): Steps<string> {
  let text = ''
  while (text.length < ASKS.length && ASKS.startsWith(text)) {
    const bytes = yield* socket.recv(undefined, waiting)
    if (bytes.length === 0) throw refused(text || 'The backdoor hung up')
    text += bytes.toString('latin1')
  }
  return text
}

function refused(message: string): GreenhouseError {
  return new GreenhouseError('GH_CLOSED', message)
}
