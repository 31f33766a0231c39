// One connection, from its first byte to its last.
import type { Socket } from '@greenhouse/io'
import { withTimeout, type Blocking, type Steps } from '@greenhouse/scheduler'
import { wrongType } from '@greenhouse/scheduler/kernel'
import { inspectInterpreter } from './core/inspect-interpreter.ts'
import { replInterpreter, type ReplState } from './core/repl-interpreter.ts'
import { Session, type SessionSettings } from './core/session.ts'
import { checkSessionOptions, type BackdoorSessionOptions } from './options.ts'
import { permissionsOf } from './security/permissions.ts'
import { TokenGate } from './security/token.ts'

/**
 * Serves one connection as a backdoor: a REPL over it, until the client leaves.
 *
 * The socket belongs to the session from then on, and is closed at its end. Ended or timed out, the session is closed, and
 * what it runs is ended. Nobody is asked who they are without `auth`: whoever calls this has seen to that.
 *
 * @param socket - An open connection.
 * @param namespace - What the session finds as variables; it gets a copy of its own.
 * @param options - `auth`, `allow`, `banner`, and limits.
 * @returns nothing.
 * @throws {GH_INVALID_ARGUMENT}; {GH_CLOSED}, {GH_INVALID_STATE} as `Socket.toDuplex`.
 * @example
 * ```ts
 * import { connect, StreamServer } from '@greenhouse/io'
 * import { backdoorHandler } from '@greenhouse/backdoor'
 *
 * const server = new StreamServer((socket) => backdoorHandler(socket, { answer: 42 }, { banner: 'Hello' }))
 * const socket = await connect(await server.start('127.0.0.1:0'))
 * await socket.sendAll(Buffer.from('answer + 1\n.exit\n'))
 * const lines = []
 * for await (const line of socket.makeFile('r', { encoding: 'utf8' })) lines.push(line.trim())
 * console.log(lines) // => [ 'Hello', '> 43', '>' ]
 * socket.close()
 * await server.stop()
 * ```
 *
 * Source: greenhouse/backdoor.py backdoor_handler. Differs: `\x04` is heard wherever it stands, and the end of the stream ends
 * the session.
 */
export function backdoorHandler(
  socket: Socket,
  namespace: object = {},
  options: BackdoorSessionOptions = {},
): Blocking<void> {
  checkSessionOptions(options)
  if (typeof namespace !== 'object' || namespace === null) {
    wrongType('namespace', 'an object', namespace)
  }
  const gate = options.auth === undefined ? null : new TokenGate(options.auth)
  const settings = settingsOf(namespace, options, gate, () => null)
  const host = socket.peerName?.host
  const session = new Session(socket.toDuplex(), host, settings)
  return withTimeout(Infinity, () => converse(session, options.authTimeoutMs))
}

/** Holds a session until it is over. */
export function* converse(session: Session, authTimeoutMs = 10_000): Steps<void> {
  try {
    session.start()
    if (!(yield* session.settled.wait({ timeoutMs: authTimeoutMs }))) session.close('Too late.')
    yield* session.closed.wait()
  } finally {
    session.close('The backdoor closes.')
  }
}

/** What sessions of a backdoor have in common. */
export function settingsOf(
  namespace: object,
  options: BackdoorSessionOptions,
  gate: TokenGate | null,
  admit: SessionSettings['admit'],
): SessionSettings {
  const { maxLineLength = 65_536, maxQueuedBytes = 1_048_576 } = options
  const permissions = permissionsOf(options.allow)
  const help = '.help lists commands'
  const banner =
    options.banner ??
    `greenhouse backdoor of process ${process.pid}, Node ${process.version}; ${help}`
  const states = new WeakMap<Session, ReplState>()
  return {
    gate,
    permissions,
    banner,
    maxLineLength,
    maxQueuedBytes,
    admit,
    interpret(session) {
      if (!permissions.has('evaluate')) return inspectInterpreter(session)
      const state = states.get(session) ?? { namespace, context: null, history: [] }
      states.set(session, state)
      return replInterpreter(session, state)
    },
  }
}
