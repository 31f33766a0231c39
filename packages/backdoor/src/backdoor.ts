// The backdoor: who may come in, how many at a time, and the greenlet that serves each.
import {
  formatAddress,
  StreamServer,
  type Address,
  type AddressLike,
  type Socket,
} from '@greenhouse/io'
import { wait, withTimeout, type Blocking, type Steps } from '@greenhouse/scheduler'
import { inScope } from '@greenhouse/scheduler/kernel'
import { Event } from '@greenhouse/util'
import { bindPrivately, makePrivate, removeStale } from './core/private-path.ts'
import { Session, type SessionSettings } from './core/session.ts'
import { converse, settingsOf } from './handler.ts'
import { checkBackdoorOptions, type BackdoorOptions } from './options.ts'
import { placeListener, type Placement } from './security/address-policy.ts'
import { logInfo, logWarning } from './security/log.ts'
import { peerKey, TokenGate } from './security/token.ts'
import { openStuckLine, stuckAddressOf, type StuckLine } from './stuck/stuck-line.ts'

/**
 * Serves a backdoor, a REPL inside the process, until its greenlet is ended: so it runs in one of its own.
 *
 * Ended, aborted or timed out, it stops listening, closes its sessions and ends what they run.
 *
 * It listens on a UNIX socket, which only the own user can connect to, or on the loopback interface, which every user of the
 * machine can: give `auth` there. Every other address is refused without `auth` and `tls`.
 *
 * @param address - As for `parseAddress`: `'unix:/run/app/door'`, `'127.0.0.1:7777'`.
 * @param options - `namespace`, `auth`, `tls`, `allow`, and limits.
 * @returns never; it ends with what ends it.
 * @throws {GH_INVALID_ARGUMENT}; {GH_INVALID_STATE} for an address that is not safe; Node's own errors (EADDRINUSE, EACCES).
 * @example
 * ```ts
 * import { connect } from '@greenhouse/io'
 * import { end, schedule, type Greenlet } from '@greenhouse/scheduler'
 * import { connectBackdoor, runBackdoor } from '@greenhouse/backdoor'
 *
 * const door: Greenlet = schedule(() =>
 *   runBackdoor('127.0.0.1:0', { namespace: { answer: 42 }, onListening: ({ address }) => visit(address) }),
 * )
 *
 * async function visit(address: string) {
 *   const socket = await connectBackdoor(address)
 *   await socket.sendAll(Buffer.from('answer + 1\n.exit\n'))
 *   const said = (await socket.makeFile('r').read()).toString()
 *   console.log(said.split('> ')[1]?.trim()) // => 43
 *   socket.close()
 *   end(door)
 * }
 * await door.join().catch((error) => console.log(error.code)) // => GH_EXIT
 * ```
 *
 * Source: greenhouse/backdoor.py run_backdoor. Differs: stops with its greenlet; takes UNIX paths; asks for a token.
 */
export function runBackdoor(address: AddressLike, options: BackdoorOptions = {}): Blocking<void> {
  checkBackdoorOptions(options)
  const gate = options.auth === undefined ? null : new TokenGate(options.auth)
  const placement = placeListener('The backdoor', address, {
    ...options,
    auth: gate !== null,
    tls: options.tls !== undefined,
  })
  const keepAlive = options.keepAlive ?? !inScope()
  const door = new Door(options, gate)
  return withTimeout(Infinity, () => serve(door, placement, keepAlive))
}

/** A connection that has not been let in yet. */
interface Pending {
  close: () => void
}

class Door {
  readonly options: BackdoorOptions
  readonly gate: TokenGate | null
  readonly settings: SessionSettings
  readonly server: StreamServer
  readonly pending: Set<Pending> = new Set()
  readonly sessions: Map<Session, Pending> = new Map()
  admitted = 0

  constructor(options: BackdoorOptions, gate: TokenGate | null) {
    this.options = options
    this.gate = gate
    this.settings = settingsOf(options.namespace ?? {}, options, gate, (session) =>
      this.admit(session),
    )
    this.server = new StreamServer((socket) => this.connected(socket), {
      keepAlive: true,
      name: 'backdoor',
    })
  }

  *connected(socket: Socket): Steps<void> {
    const { options, gate } = this
    const host = socket.peerName?.host
    if (gate?.locked(peerKey(host)) === true) return
    const entry: Pending = { close: () => socket.close() }
    this.makeRoom()
    this.pending.add(entry)
    let session: Session | null = null
    try {
      const { tls, authTimeoutMs = 10_000 } = options
      if (tls !== undefined) {
        yield* socket.startTls({ ...tls, isServer: true, timeoutMs: authTimeoutMs })
      }
      session = new Session(socket.toDuplex(), host, this.settings)
      entry.close = session.close.bind(session, 'Too many connections.')
      this.sessions.set(session, entry)
      yield* converse(session, authTimeoutMs)
    } catch (error) {
      if ((error as { code?: unknown }).code === 'GH_EXIT') throw error
      logInfo(
        `A connection of ${host ?? 'the local machine'} to the backdoor broke: ${String(error)}`,
      )
    } finally {
      this.pending.delete(entry)
      if (session !== null) {
        this.sessions.delete(session)
        if (session.admitted) this.admitted--
      }
    }
  }

  /** Those who began to knock first, and have not come in, make room for the next. */
  makeRoom(): void {
    const { maxPending = 64 } = this.options
    while (this.pending.size >= maxPending) {
      const [oldest] = this.pending
      this.pending.delete(oldest!)
      oldest!.close()
    }
  }

  admit(session: Session): string | null {
    const { maxSessions = 16 } = this.options
    this.pending.delete(this.sessions.get(session)!)
    if (this.admitted >= maxSessions) return 'Too many sessions.'
    this.admitted++
    return null
  }
}

function* serve(door: Door, placement: Placement, keepAlive: boolean): Steps<void> {
  const { server, options } = door
  let stuck: StuckLine | null = null
  try {
    const bound = yield* listenAt(server, placement)
    if (!keepAlive) server.unref()
    const address = formatAddress(bound)
    logWarning(placement.warning.replace(formatAddress(placement.address), address))
    stuck = yield* wait(stuckLineOf(door, placement, bound))
    const stuckAddress = stuck === null ? null : formatAddress(stuck.address)
    options.onListening?.({ address, stuckAddress })
    yield* new Event().wait()
  } finally {
    yield* server.stop({ timeoutMs: 0 })
    if (stuck !== null) yield* wait(stuck.stop())
  }
}

function* listenAt(server: StreamServer, { address, exposure }: Placement): Steps<Address> {
  const { path } = address
  if (path === undefined || exposure !== 'user') return yield* server.start(address)
  yield* wait(removeStale(path))
  const starting = bindPrivately(() => server.start(address))
  const bound = yield* starting
  makePrivate(path)
  return bound
}

async function stuckLineOf(
  { options, gate }: Door,
  { address }: Placement,
  bound: Address,
): Promise<StuckLine | null> {
  const { stuckLine = true, tls, authTimeoutMs = 10_000 } = options
  if (!stuckLine) return null
  // A port that the system chose says nothing of the one beside it.
  const beside = stuckAddressOf(address.port === 0 ? address : bound)
  return openStuckLine(beside, gate, tls, authTimeoutMs)
}
